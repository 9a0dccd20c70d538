package session

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// transport returns what carries the requests for an integration: nil for the
// real network, or a sandbox.
func (s *Session) transport(in *schema.Integration) (http.RoundTripper, error) {
	switch s.Sandbox {
	case "":
		return s.Deps.Transport, nil
	case InProcess:
		p, err := s.Provider(in)
		if err != nil {
			return nil, err
		}
		return sandbox.NewMux(p).Transport(), nil
	}
	return sandbox.RemoteTransport(s.SandboxURL(), []*schema.Integration{in}, s.Deps.Transport)
}

// SandboxURL is where the running sandbox is, or nil.
func (s *Session) SandboxURL() *url.URL {
	if s.Sandbox == "" || s.Sandbox == InProcess {
		return nil
	}
	u, err := url.Parse(s.Sandbox)
	if err != nil {
		return nil // checkFlags has refused it
	}
	return u
}

// Provider plays the provider of an integration.
func (s *Session) Provider(in *schema.Integration) (*sandbox.Provider, error) {
	return sandbox.New(in, &sandbox.Options{Now: s.Deps.Now, DeviceInterval: time.Second})
}

// ExampleOf makes up what a person would type.
func ExampleOf(integration, name string, f schema.Field) string {
	switch {
	case f.Default != "":
		return f.Default
	case f.Example != "":
		return f.Example
	case len(f.Enum) > 0:
		return f.Enum[0]
	case f.Optional:
		return ""
	}
	host := sandboxHost(integration)
	switch f.Format {
	case "private_key":
		return sandbox.PrivateKey
	case "hostname":
		return host
	case "uri":
		return "https://" + host
	case "email":
		return "user@" + host
	case "uuid":
		return "00000000-0000-4000-8000-000000000000"
	case "integer":
		return "1"
	}
	return fmt.Sprintf("sandbox-%s", slug(name))
}
