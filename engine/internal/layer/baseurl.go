package layer

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/internal/weburl"
	"github.com/nango-lite/nango-lite/schema"
)

// BaseURL resolves the caller's URL against base, and loads the connection once
// for all layers below. A request that would leave base's origin or the path
// below it is refused with a [*RefusedError] before anything is sent; that a
// redirect led there is another matter, see [CheckRedirect].
type BaseURL struct {
	Template schema.Template
	Format   func(name string) string // declared format of a placeholder
	IsSecret func(name string) bool   // whether a placeholder gives a credential

	fixed      *url.URL // where the template has no placeholders
	home, away http.RoundTripper
}

// A Fork makes a round tripper of two: one for the base URL's origin, with all that
// belongs there, and one for wherever else a redirect leads.
type Fork func(home, away http.RoundTripper) http.RoundTripper

// Fork returns b as the layer at which the ways part. The error says what is wrong
// with a template without placeholders.
func (b BaseURL) Fork() (Fork, error) {
	if b.Template.Constant() {
		u, err := render.URL(b.Template, nil, nil)
		if err != nil {
			return nil, err
		}
		b.fixed = u
	}
	return func(home, away http.RoundTripper) http.RoundTripper {
		b := b
		b.home, b.away = home, away
		return &b
	}, nil
}

// RoundTrip implements [http.RoundTripper].
func (b *BaseURL) RoundTrip(r *http.Request) (*http.Response, error) {
	call := From(r.Context())
	out, err := b.prepare(call, r)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	next := b.home
	if call.away {
		next = b.away
	}
	resp, err := next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	absoluteLocation(resp, out.URL)
	return resp, nil
}

func (b *BaseURL) prepare(call *Call, r *http.Request) (*http.Request, error) {
	s, err := call.Session.Load(r.Context())
	if err != nil {
		return nil, err
	}
	base, err := b.render(call, s)
	if err != nil {
		return nil, err
	}
	call.Begin(s, base)
	if r.Response != nil {
		return followed(call, r)
	}
	target, err := resolve(call.base, r.URL)
	if err != nil {
		return nil, err
	}
	if err := framing(r.Header); err != nil {
		return nil, err
	}
	out := call.ownRequest(r)
	out.URL, out.Host = target, "" // a Host of the caller's could lead elsewhere, behind a shared front
	return out, nil
}

// render fills the template.
func (b *BaseURL) render(call *Call, s Snapshot) (*url.URL, error) {
	if b.fixed != nil {
		return b.fixed, nil
	}
	call.setSnapshot(s)
	u, err := render.URL(b.Template, call.value, b.Format)
	if err != nil {
		return nil, err
	}
	if climbs(u.EscapedPath()) {
		return nil, &RefusedError{"what fills base_url leads out of its path"}
	}
	b.hide(call, s)
	return u, nil
}

// hide keeps what in the URL grants access.
func (b *BaseURL) hide(call *Call, s Snapshot) {
	secret := false
	for _, name := range b.Template.Refs() {
		if v, ok := s.Value(name); ok && v != "" && b.IsSecret != nil && b.IsSecret(name) {
			call.secrets = append(call.secrets, v, url.PathEscape(v))
			secret = true
		}
	}
	if secret && b.Template.Computed() {
		_, results, _ := render.Computed(b.Template, call.value) // what is missing was missing above
		for _, v := range results {
			call.secrets = append(call.secrets, v, url.PathEscape(v))
		}
	}
}

// resolve returns the absolute URL for u, which is relative to base or lies
// below it. The path keeps the spelling of the caller, %2F included.
func resolve(base, u *url.URL) (*url.URL, error) {
	switch {
	case u.Opaque != "":
		return nil, &RefusedError{"the URL has no path"}
	case u.User != nil:
		return nil, &RefusedError{"the URL holds user info"}
	case u.Scheme == "" && u.Host != "":
		return nil, &RefusedError{"the URL names a host without a scheme, as //host/path does"}
	case climbs(u.EscapedPath()):
		return nil, &RefusedError{"the path holds a .. segment"}
	}
	target := *base
	target.RawQuery, target.ForceQuery = joinQuery(base.RawQuery, escaped(u.RawQuery, notInQuery)), u.ForceQuery
	path, basePath := spelled(u), base.EscapedPath()
	switch {
	case u.Scheme != "" && !weburl.SameOrigin(base, u):
		return nil, &RefusedError{"the URL is of another origin than base_url"}
	case u.Scheme != "" && !below(path, basePath):
		return nil, &RefusedError{"the URL's path is not below that of base_url"}
	case u.Scheme != "":
	case path == "":
		path = basePath
	case strings.TrimSuffix(basePath, "/") == "" && path[0] == '/':
	default:
		path = strings.TrimSuffix(basePath, "/") + "/" + strings.TrimPrefix(path, "/")
	}
	if err := setPath(&target, path); err != nil {
		return nil, &RefusedError{"the path is not well encoded"}
	}
	return &target, nil
}

// What stands escaped in a request target, beside spaces, controls and what is not
// ASCII (RFC 3986 3.3 and 3.4, as the WHATWG's URL standard has it): servers take no
// other. Escapes that are there stay: %2F is no slash.
const (
	notInPath  = "\"<>?^`{|}"
	notInQuery = "\"<>#"
)

// spelled returns the path of u as the caller wrote it.
func spelled(u *url.URL) string {
	if u.RawPath == "" {
		return u.EscapedPath()
	}
	path := escaped(u.RawPath, notInPath)
	if decoded, err := url.PathUnescape(path); err != nil || decoded != u.Path {
		return u.EscapedPath() // the two were set apart from each other
	}
	return path
}

// escaped escapes in text what no part of a URL holds, and the given marks.
func escaped(text, marks string) string {
	wild := func(b byte) bool { return b <= ' ' || b >= 0x7f || strings.IndexByte(marks, b) >= 0 }
	plain := true
	for i := range len(text) {
		plain = plain && !wild(text[i])
	}
	if plain {
		return text
	}
	var out strings.Builder
	for i := range len(text) {
		if b := text[i]; wild(b) {
			fmt.Fprintf(&out, "%%%02X", b)
		} else {
			out.WriteByte(b)
		}
	}
	return out.String()
}

// escapedValue escapes the name or value of a parameter. A space is %20, which every
// server reads; + is a space in forms alone.
func escapedValue(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// framing refuses headers that say where a request goes and where it ends in a
// spelling of their own: net/http writes those itself, and would send these beside
// them.
func framing(h http.Header) error {
	for name := range h {
		switch canonical := http.CanonicalHeaderKey(name); canonical {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer":
			if name != canonical {
				return &RefusedError{"the header " + canonical + " is net/http's to write"}
			}
		}
	}
	return nil
}

// setPath sets u's path from its escaped form.
func setPath(u *url.URL, escaped string) error {
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return err
	}
	u.Path, u.RawPath = path, ""
	if u.EscapedPath() != escaped {
		u.RawPath = escaped
	}
	return nil
}

func joinQuery(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}

// below reports whether path is prefix or lies below it.
func below(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// climbs reports whether a server might take a segment of the path for "..". Some
// decode more than once, take a backslash for a slash, or cut a segment at a
// semicolon.
func climbs(path string) bool {
	if !strings.Contains(path, "..") && !strings.Contains(path, "%") {
		return false
	}
	for range 4 {
		for _, segment := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' }) {
			if name, _, _ := strings.Cut(segment, ";"); name == ".." {
				return true
			}
		}
		decoded := decodedOnce(path)
		if decoded == path {
			return false
		}
		path = decoded
	}
	return true // encoded over and over: nobody means well by that
}

// decodedOnce decodes the escapes of a path, and leaves what is none: a server that is
// lenient does.
func decodedOnce(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if c, err := url.PathUnescape(path[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// absoluteLocation makes a Location absolute: the caller's URL may have no host
// to resolve it against. One that is no URL is taken away, because net/http
// would quote it in an error.
func absoluteLocation(resp *http.Response, requested *url.URL) {
	location := resp.Header.Get("Location")
	if location == "" {
		return
	}
	u, err := requested.Parse(location)
	if err != nil {
		resp.Header.Del("Location")
		return
	}
	resp.Header.Set("Location", u.String())
}
