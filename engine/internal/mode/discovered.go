package mode

import (
	"context"
	"errors"
	"net/url"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/authserver"
	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
)

// discovered is MCP_OAUTH2: the resource says who authorises its users, and we become a
// client there.
type discovered struct{ code }

var _ interface {
	Mode
	Consenter
} = (*discovered)(nil)

// Ready implements [Consenter]: the client is found out, or registered.
func (m *discovered) Ready(string, *connection.Connection) error { return nil }

// Begin implements [Consenter]: it finds the authorization server, and makes us a client
// of it.
func (m *discovered) Begin(ctx context.Context, op string, p *consent.Pending, asked []string) (reason string, err error) {
	in := m.env.In
	values := in.ValuesAt(p.Connection(in.Auth.AuthMode), m.env.Now())
	server, err := m.env.Servers.Find(ctx, authserver.Quest{Op: op, Key: p.Key, Values: values, Redirect: p.RedirectURL})
	if err != nil {
		return "", err
	}
	p.Registration = server.Registration
	if asked == nil && !statesScopes(in) {
		p.Scopes = server.Scopes
	}
	if err := m.begin(op, p, plan.Literal(server.Authorize)); err != nil {
		return "", err
	}
	return m.reason(p), nil
}

// statesScopes reports whether the file says what to ask for.
func statesScopes(in *plan.Integration) bool {
	return in.OAuthScopes != nil || len(in.Auth.DefaultScopes) > 0 || in.Auth.AsksNoScopes()
}

func (m *discovered) reason(p *consent.Pending) string {
	reason := consentReason(m.env.In, p)
	if u, err := url.Parse(p.Registration.Issuer); err == nil {
		reason += ", at " + u.Host + ", which the resource names"
	}
	switch p.Registration.ClientID {
	case m.env.In.OAuthClientID:
	case m.env.In.Auth.ClientMetadataURL:
		reason += ", as the document at auth.client_metadata_url"
	default:
		reason += ", as a client that it has registered"
	}
	return reason + ", with PKCE S256"
}

// Answered implements [Consenter].
func (m *discovered) Answered(op string, p *consent.Pending, callback url.Values) error {
	issuer := p.Registration.Issuer
	if issuer == "" {
		return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindState, Detail: "the authorization was started without discovery"}
	}
	return m.answered(op, p, callback, issuer)
}

// Renewable implements [refresh.Renewer]. A token that the host brought has no endpoint unless it
// came with one.
func (m *discovered) Renewable(c *connection.Connection) bool {
	return c.Credentials.Registration.TokenEndpoint != "" && m.code.Renewable(c)
}

// Gone implements [refresh.Renewer].
func (m *discovered) Gone(refusal error, lost bool) string {
	if known, ok := errors.AsType[*fault.Error](refusal); ok && known.Detail == authserver.Forgotten {
		return withLost(authserver.Forgotten+inBrackets(known.Code), lost)
	}
	return m.code.Gone(refusal, lost)
}
