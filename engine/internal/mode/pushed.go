package mode

import (
	"context"
	"net/url"

	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// push gives the server the parameters of p's authorization request (RFC 9126 2), and p
// the URL that names them (4): no browser, and nobody who looks over its shoulder, has a
// say in what is asked for.
func (m *code) push(ctx context.Context, op string, p *consent.Pending) error {
	in := m.env.In
	asked, err := url.Parse(p.URL.Reveal())
	if err != nil {
		return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindClient, Detail: "authorization_url"}
	}
	c := p.Connection(in.Auth.AuthMode)
	c.Key = p.Key
	params := map[string]string{}
	for name, values := range asked.Query() {
		params[name] = values[len(values)-1]
	}
	o := m.env.Token.For(op, c).At("the pushed authorization request endpoint")
	answer, err := o.AskBeside(ctx, "the pushed authorization request", in.Parsed.PushedURL, params, nil)
	if err != nil {
		return m.whose(o, err)
	}
	reference, _ := schema.TextAt(map[string]any(answer.Doc), "request_uri")
	if reference == "" {
		return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindInvalidResponse, Status: answer.Status, Detail: "the answer to the pushed authorization request has no request_uri (RFC 9126 2.2)"}
	}
	u, err := render.URL(in.Parsed.AuthorizationURL, in.ValuesAt(c, m.env.Now()), in.FormatOf)
	if err != nil {
		return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindClient, Detail: "authorization_url", Err: err}
	}
	q := u.Query()
	q.Set("client_id", params["client_id"])
	q.Set("request_uri", reference)
	u.RawQuery = q.Encode()
	p.URL = schema.NewSecret(u.String())
	return nil
}
