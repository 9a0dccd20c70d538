package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// transport returns what carries the requests for an integration: nil for the
// real network, or a sandbox.
func (a *app) transport(in *schema.Integration) (http.RoundTripper, error) {
	switch a.sandbox {
	case "":
		return a.deps.Transport, nil
	case inProcess:
		p, err := a.provider(in)
		if err != nil {
			return nil, err
		}
		return sandbox.NewMux(p).Transport(), nil
	}
	return sandbox.RemoteTransport(a.sandboxURL(), []*schema.Integration{in}, a.deps.Transport)
}

// sandboxURL is where the running sandbox is, or nil.
func (a *app) sandboxURL() *url.URL {
	if a.sandbox == "" || a.sandbox == inProcess {
		return nil
	}
	u, err := url.Parse(a.sandbox)
	if err != nil {
		return nil // checkFlags has refused it
	}
	return u
}

// consent presses the sandbox's button for the user.
func (a *app) consent(ctx context.Context, u *use, authURL string) (url.Values, error) {
	ctx = sandbox.WithIntegration(ctx, u.in.Name)
	callback, err := sandbox.Allow(ctx, u.transport, authURL, "allow")
	if err != nil {
		return nil, err
	}
	if a.trace {
		a.tracef("consent", "the sandbox's user allowed it")
	}
	return callback.Query(), nil
}

// tellConsent says that nobody was asked; --trace has said so in its place.
func (a *app) tellConsent(k engine.Key) {
	if !a.trace {
		a.notef("sandbox: its user consented for %s", k)
	}
}

// exampleOf makes up what a person would type.
func exampleOf(integration, name string, f schema.Field) string {
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
