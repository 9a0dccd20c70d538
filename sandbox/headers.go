package sandbox

import (
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// RefusalHeader is on every answer that refuses: the code and the reason.
const RefusalHeader = message.RefusalHeader
