package lint

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// urls checks where requests go.
func urls(v *version) {
	a := &v.Auth
	for at, text := range map[string]string{
		"auth.authorization_url":        a.AuthorizationURL,
		"auth.device_authorization_url": a.DeviceAuthorizationURL,
		"auth.token_url":                a.TokenURL,
		"auth.refresh_url":              a.RefreshURL,
		"auth.request_url":              a.RequestURL,
		"auth.introspection_url":        a.IntrospectionURL,
		"auth.pushed_authorization_url": a.PushedAuthorizationURL,
		"auth.revocation_url":           a.RevocationURL,
		"auth.issuer":                   a.Issuer,
		"auth.resource":                 a.Resource,
		"auth.authorization_server":     a.AuthorizationServer,
		"requests.base_url":             v.Requests.BaseURL,
	} {
		if text != "" {
			v.url(at, text)
		}
	}
	if v.Requests.Verify != nil {
		v.path("requests.verify.path", v.Requests.Verify.Path)
	}
	for i, s := range v.Samples {
		if s.Request != nil {
			v.path(fmt.Sprintf("samples.%d.request.path", i), s.Request.Path)
		}
	}
}

func (v *version) url(at, text string) {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return // the loader has said so
	}
	v.hostFields(at, t)
	plain := filled(t)
	u, err := url.Parse(plain)
	if err != nil || u.Host == "" {
		return
	}
	host := u.Hostname()
	if u.Scheme != "https" && !schema.IsLoopback(host) {
		v.report("url-scheme", at, "this URL is not https", "")
	}
	switch {
	case strings.ToLower(u.Host) != u.Host:
		v.report("url-host", at, "the host has capitals", "write "+strings.ToLower(u.Host))
	case u.Scheme == "https" && u.Port() == "443":
		v.report("url-host", at, "443 is the port of https anyway", "leave it out")
	case !strings.Contains(host, ".") && !schema.IsLoopback(host) && !strings.Contains(authority(text), "${"):
		v.report("url-host", at, fmt.Sprintf("the host %q has no dot", host), "")
	}
	switch {
	case strings.Contains(u.Path, "//"):
		v.report("url-slash", at, "two slashes in a row", "")
	case at == "requests.base_url" && strings.HasSuffix(plain, "/"):
		v.report("url-slash", at, "the base URL ends in a slash; paths begin with one", "take it away")
	}
}

// filled returns t with an x for each placeholder, and an origin for one that
// stands for it.
func filled(t schema.Template) string {
	var b strings.Builder
	for _, p := range t.Parts {
		switch {
		case p.Refs == nil:
			b.WriteString(p.Literal)
		case b.Len() == 0:
			b.WriteString("https://x.example")
		default:
			b.WriteString("x")
		}
	}
	return b.String()
}

// authority is what stands between the scheme and the path.
func authority(text string) string {
	_, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return rest[:i]
	}
	return rest
}

// hostFields: what a user types must not choose the host beyond what the
// provider gives out.
func (v *version) hostFields(at string, t schema.Template) {
	var before strings.Builder
	for _, p := range t.Parts {
		if p.Refs == nil {
			before.WriteString(p.Literal)
			continue
		}
		text := before.String()
		_, rest, begun := strings.Cut(text, "://")
		for _, name := range (schema.Template{Parts: []schema.Part{p}}).Refs() {
			switch {
			case text == "":
				v.hostField(at, name, true)
			case begun && !strings.ContainsAny(rest, "/?#"):
				v.hostField(at, name, false)
			}
		}
		if text == "" {
			before.WriteString("https://x/")
		} else {
			before.WriteString("x")
		}
	}
}

func (v *version) hostField(at, name string, whole bool) {
	f, ok := v.field(name)
	switch {
	case !ok:
		v.report("host-field", at, fmt.Sprintf("${%s} chooses the host, and is no declared field", name), "declare it under connection, with a pattern or a format")
	case whole && f.Format != "uri":
		v.report("host-field", at, fmt.Sprintf("${%s} stands for a whole origin, and its format is not uri", name), "")
	case !whole && f.Pattern == "" && f.Format == "" && len(f.Enum) == 0:
		v.report("host-field", at, fmt.Sprintf("${%s} is part of the host, and the field has neither pattern, format nor enum", name), "say what such a value looks like")
	}
}

// field finds a declared field by its placeholder.
func (v *version) field(name string) (schema.Field, bool) {
	namespace, field, _ := strings.Cut(name, ".")
	switch namespace {
	case "connection":
		f, ok := v.Connection[field]
		return f.Field, ok
	case "credentials":
		f, ok := v.Credentials[field]
		return f, ok
	}
	return schema.Field{}, false
}

func (v *version) path(at, path string) {
	bare := path
	if t, err := schema.ParseTemplate(path); err == nil {
		bare = filled(t)
	}
	switch {
	case strings.ContainsAny(bare, "?#"):
		v.report("url-query", at, "a path has no query and no fragment", "")
	case strings.Contains(bare, "//"):
		v.report("url-slash", at, "two slashes in a row", "")
	}
}
