package calls

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

var kinds = map[engine.Kind]string{
	engine.KindNotFound:        "there is no such connection or integration",
	engine.KindReauthorize:     "its user has to connect again",
	engine.KindDenied:          "the provider does not allow it",
	engine.KindState:           "the authorization did not come back as it was begun",
	engine.KindClient:          "the configuration, or the app's own credentials, are wrong",
	engine.KindRateLimited:     "the provider wants fewer calls",
	engine.KindUnavailable:     "the provider cannot be reached, or has a fault of its own",
	engine.KindInvalidResponse: "the provider's answer is not what it should be",
	engine.KindUnsupported:     "the integration declares no such thing",
	engine.KindInvalidInput:    "the input is not what the operation takes",
}

// Why says what a kind of error means for an operator.
func Why(k engine.Kind) string { return cmp.Or(kinds[k], "it did not come to an end") }

// Words says what became of a call, and by which way.
func (c *Call) Words() string {
	var parts []string
	switch {
	case c.Status != 0:
		parts = append(parts, strings.TrimSpace("answered "+strconv.Itoa(c.Status)+" "+http.StatusText(c.Status))+" after "+short(c.Duration))
	case c.Failed:
		parts = append(parts, "no answer after "+short(c.Duration))
	default:
		parts = append(parts, "given up by the caller after "+short(c.Duration))
	}
	if c.Waits > 0 {
		parts = append(parts, "waited "+short(c.Waited)+" before")
	}
	if c.Attempts > 1 {
		parts = append(parts, fmt.Sprintf("sent %d times", c.Attempts))
	}
	if c.Refreshed {
		parts = append(parts, "with a token that was refreshed for it")
	}
	text := strings.Join(parts, ", ")
	if c.Kind != "" {
		text += ": " + Why(c.Kind)
	}
	return text
}

// short writes a duration with three digits or so.
func short(d time.Duration) string {
	if d >= time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
