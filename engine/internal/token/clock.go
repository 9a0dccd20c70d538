package token

import (
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

// farOff is how far apart two clocks are before an error says so: servers allow a
// minute at least.
const farOff = time.Minute

// TellClock says of a refusal that the clocks differ, where what was refused is
// signed and names a time: a server that takes it for expired, or not yet good, says
// invalid_client like one that does not know the key.
func (o *Operation) TellClock(err error, a *oauthwire.Answer) error {
	if o.In.Parsed.JWT == nil && o.In.Auth.AuthMode.Mode().Signing != schema.SignsOAuth1 {
		return err
	}
	off := answer.ClockOff(a.Header, o.Now(), farOff)
	if off == "" {
		return err
	}
	return fault.Amend(err, func(e *fault.Error) { e.Detail += ", and " + off })
}
