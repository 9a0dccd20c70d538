package sandbox

import (
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// RefusalHeader is on every answer that refuses: the code and the reason.
const RefusalHeader = message.RefusalHeader

// NoSampleHeader is on every answer that refuses because the blueprint has no sample to
// answer from, whatever the provider would say: the method and the path.
const NoSampleHeader = message.NoSampleHeader
