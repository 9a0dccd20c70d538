package call

import (
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/internal/weburl"
)

// masked returns err with a text that repeats nothing of the request and the
// answer, as far as one can tell; call may be nil.
func masked(err error, call *layer.Call) error {
	text := fault.WithoutURL(err).Error()
	m := maskOf(call)
	return fault.WithText(fault.UnlessEchoed(text, m.secrets, m.text), err)
}

// A mask hides in texts about a call what the call itself must not tell. It asks for that
// once, however many texts there are. It is not safe for concurrent use.
type mask struct {
	call    *layer.Call // nil: there is nothing to hide
	secrets []string
	said    []string // nil: not asked for
}

func maskOf(call *layer.Call) *mask {
	if call == nil {
		return &mask{}
	}
	return &mask{call: call, secrets: credentialsOf(call)}
}

// text takes the secrets of the call at hand out of a text, whatever name they go by
// there and however they are encoded, and what it repeats of the request.
func (m *mask) text(text string) string {
	if text == "" || m.call == nil {
		return text
	}
	return fault.WithoutEchoes(fault.WithoutSecrets(text, m.secrets), func() []string {
		if m.said == nil {
			m.said = saidIn(m.call, m.secrets)
		}
		return m.said
	})
}

// shownURL is how logs and traces show where a call went. The path of what is elsewhere,
// as of a download, may be the key to it.
func shownURL(call *layer.Call, u *url.URL) string {
	secrets := credentialsOf(call)
	if base := call.Base(); base != nil && u.Host != "" && !weburl.SameOrigin(u, base) {
		return fault.ShownOrigin(u, secrets)
	}
	return fault.ShownURL(u, secrets)
}

// credentialsOf returns the values that a call is authorised with. Callers must not
// modify it.
func credentialsOf(call *layer.Call) []string {
	api, s := apiOfCall(call), call.Snapshot()
	if api == nil || s == nil {
		return call.Secrets()
	}
	list := api.credentials(s, ConnectionOf(call))
	if own := call.Secrets(); len(own) > 0 {
		return slices.Concat(own, list)
	}
	return list
}

// credentials are those of one connection as it was read. Whoever calls an API often does
// so with the same one.
type credentials struct {
	of   *connection.Connection
	list []string
}

func (p *API) credentials(s layer.Snapshot, c *connection.Connection) []string {
	if last := p.last.Load(); last != nil && last.of == c && c != nil {
		return last.list
	}
	last := &credentials{c, slices.Clip(p.secrets(s, c))}
	p.last.Store(last)
	return last.list
}

// secrets returns what grants access of a connection.
func (p *API) secrets(s layer.Snapshot, c *connection.Connection) (list []string) {
	for _, name := range p.SignedWith {
		if v, ok := s.Value(name); ok && v != "" {
			list = append(list, v)
		}
	}
	in := p.in
	list = append(list, in.Secrets(c)...)
	sets := [][]layer.Field{in.Calls.Headers.Secret, in.Calls.Params.Secret, in.Calls.Body.Secret}
	if signature := in.Parsed.Signature; signature != nil {
		sets = append(sets, signature.Headers, signature.Params)
	}
	for _, fields := range sets {
		for _, f := range fields {
			names := f.Value.Refs()
			if len(names) == 0 { // text from a variable
				for _, p := range f.Value.Parts {
					list = append(list, p.Literal)
				}
			}
			if slices.Contains(names, "basic_auth_encoded") {
				names = append(names, "username", "password")
			}
			for _, name := range names {
				if v, ok := s.Value(name); ok && v != "" {
					list = append(list, v)
				}
			}
		}
	}
	return list
}
