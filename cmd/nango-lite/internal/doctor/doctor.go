// Package doctor looks at what must hold before connections can be made and used, and
// says how to mend what does not. It changes nothing, and sends no provider anything:
// it resolves names and shakes hands. Start with [Examine].
package doctor

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/schema"
)

// The states of what was looked at.
const (
	OK      = "ok"
	Warning = "warning" // it works, or may
	Failed  = "failed"
	Skipped = "skipped"
)

// A Finding is what became of one check.
type Finding struct {
	Check string `json:"check"`
	State string `json:"state"`
	What  string `json:"what"`
	Mend  string `json:"mend,omitempty"` // what to do; empty: nothing
}

// Surroundings are what a check reaches beside the session. Fields that are not set have
// the process's own.
type Surroundings struct {
	Dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	Proxy func(*http.Request) (*url.URL, error) // nil: HTTPS_PROXY and its kin
	Roots *x509.CertPool                        // nil: the system's
	Built time.Time                             // when the program was built; zero: not known
}

// An examination is one run.
type examination struct {
	*session.Session
	Surroundings
	cfg      *schema.Config
	findings []Finding
}

// Examine looks at everything, in the order in which it is needed.
func Examine(ctx context.Context, s *session.Session, around Surroundings) []Finding {
	if around.Dial == nil {
		around.Dial = (&net.Dialer{Timeout: reachTimeout}).DialContext
	}
	if around.Proxy == nil {
		around.Proxy = http.ProxyFromEnvironment
	}
	x := &examination{Session: s, Surroundings: around, cfg: &schema.Config{}}
	x.configuration(ctx)
	x.store(ctx)
	x.clock()
	x.callback(ctx)
	x.certificate()
	x.providers(ctx)
	return x.findings
}

func (x *examination) add(check, state, what, mend string) {
	x.findings = append(x.findings, Finding{check, state, what, mend})
}
