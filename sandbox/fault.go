package sandbox

import (
	"fmt"

	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// A Fault is something that goes wrong on demand. "429:epoch_seconds" names the
// dialect (see [Dialects]), "slow:2s" and "slow-token:2s" how slow.
type Fault string

// Faults of the API. Over a socket net/http itself repeats a GET whose connection
// had been used before and is reset; give its Transport DisableKeepAlives to see
// every reset.
const (
	FaultRateLimited Fault = play.FaultRateLimited // too many requests
	FaultTimeout     Fault = play.FaultTimeout     // no answer until the client gives up
	FaultReset       Fault = play.FaultReset       // the connection is reset before the answer
	FaultUnavailable Fault = play.FaultUnavailable // the provider is down
	FaultSlow        Fault = play.FaultSlow        // the answer comes Options.SlowBy late
	FaultTruncated   Fault = play.FaultTruncated   // the body ends before its Content-Length
	FaultExpired     Fault = play.FaultExpired     // 401 as if the access token had expired; the next one works
	FaultRevoked     Fault = play.FaultRevoked     // the grant is revoked: 401, and invalid_grant from then on
)

// Faults of the token endpoint. The first two redeem what they are given; the
// others come from something in front of the provider and redeem nothing.
const (
	FaultLostAnswer Fault = play.FaultLostAnswer // redeems and rotates, then the connection breaks
	FaultSlowToken  Fault = play.FaultSlowToken  // redeems and rotates, then answers Options.SlowBy late
	FaultTokenHTML  Fault = play.FaultTokenHTML  // 200 with a page
	FaultTokenEmpty Fault = play.FaultTokenEmpty // 200 with nothing
	FaultToken5xx   Fault = play.FaultToken5xx   // 503
)

// Faults returns the names of all faults, those of the API first.
func Faults() []Fault {
	var all []Fault
	for _, name := range play.FaultNames() {
		all = append(all, Fault(name))
	}
	return all
}

// FaultHeader asks for a fault at one API request: "429", or with a limit for
// requests that may be retried, as [FaultValue] writes it. A fault of the token
// endpoint is asked for here too: the request is then answered as with "expired",
// and the refresh that follows meets the fault.
const FaultHeader = play.FaultHeader

// FaultValue returns a value for [FaultHeader] under which the fault happens to
// the first times requests that carry it. id tells requests apart, such as a
// random text made for each call. A negative times means all. For a fault of the
// token endpoint it is the first request that is answered as with "expired", and
// times counts what arrives at the token endpoint then.
func FaultValue(f Fault, times int, id string) string {
	return fmt.Sprintf("%s;times=%d;id=%s", f, times, id)
}

// ParseFault checks a name, such as one from a command line.
func ParseFault(s string) (Fault, error) { return Fault(s), play.CheckFault(s) }

// OfToken reports whether f is a fault of the token endpoint.
func OfToken(f Fault) bool { return play.FaultOfToken(string(f)) }

// Fault makes the next times requests go wrong, after what was asked for before:
// token requests for a fault of the token endpoint, API requests for the others.
// A negative times means all from then on. The error says that there is no such
// fault.
func (p *Provider) Fault(f Fault, times int) error {
	if err := p.stage.Faults.Ask(string(f), times); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}

// Dialects are the ways in which a 429 may say how long to wait: the formats of
// rate_limit.wait, the two old forms of HTTP dates, and answers that help nobody.
// A format that the blueprint declares goes where the blueprint says, alone.
var Dialects = play.Dialects()
