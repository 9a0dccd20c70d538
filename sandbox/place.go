package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// Names of the places at a provider.
const (
	placeAuthorize = "authorization_url"
	placeToken     = "token_url"
	placeRefresh   = "refresh_url"
	placeRevoke    = "revocation_url"
	placeRequest   = "request_url"
	placeRole      = "auth.aws.assume_role.url"
	placeAPI       = "base_url"

	placeDevice       = "device_authorization_url"
	placeIntrospect   = "introspection_url"
	placeVerification = "the page for user codes" // below device_authorization_url
)

// A place is a declared URL. Placeholders in it match what they may stand for, so
// that every tenant's host is the provider's.
type place struct {
	name    string
	example string         // with examples filled in, for people
	scheme  string         // of the declared URL
	re      *regexp.Regexp // over host and path; group 1 is what follows base_url
	weight  int            // literal characters: the longest declared URL wins
	query   []declared     // the declared URL's own query
	shared  bool           // token_url where refresh_url is the same or unset
}

// A location is a place that a request reached.
type location struct {
	place
	rest string // escaped path below base_url, "/" at least
}

func compilePlaces(i *schema.Integration) ([]place, error) {
	var places []place
	add := func(name, text string) error {
		if text == "" {
			return nil
		}
		p, err := compilePlace(i, name, text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		places = append(places, p)
		return nil
	}
	a := &i.Auth
	if a.AuthMode == schema.MCPOAuth2 {
		found, err := discovered(i)
		if err != nil {
			return nil, err
		}
		places = found
	}
	if a.HasTokens() {
		if a.RefreshURL != a.TokenURL {
			if err := add(placeRefresh, a.RefreshURL); err != nil {
				return nil, err
			}
		}
		for _, e := range [][2]string{{placeAuthorize, a.AuthorizationURL}, {placeToken, a.TokenURL}, {placeRevoke, a.RevocationURL}, {placeIntrospect, a.IntrospectionURL}} {
			if err := add(e[0], e[1]); err != nil {
				return nil, err
			}
		}
		if a.DeviceAuthorizationURL != "" {
			page, _, _ := strings.Cut(a.DeviceAuthorizationURL, "?")
			for _, e := range [][2]string{{placeDevice, a.DeviceAuthorizationURL}, {placeVerification, strings.TrimSuffix(page, "/") + verificationPath}} {
				if err := add(e[0], e[1]); err != nil {
					return nil, err
				}
			}
		}
		for n, s := range a.Steps {
			if err := add(placeStep+strconv.Itoa(n), s.URL); err != nil {
				return nil, err
			}
		}
	}
	if role := a.AssumesRole(); role != nil {
		if err := add(placeRole, role.URL); err != nil {
			return nil, err
		}
	}
	if a.AuthMode == schema.OAuth1 {
		for _, e := range [][2]string{{placeRequest, a.RequestURL}, {placeAuthorize, a.AuthorizationURL}, {placeToken, a.TokenURL}} {
			if err := add(e[0], e[1]); err != nil {
				return nil, err
			}
		}
	}
	order, _ := schema.LookUps(i.Connection, &i.Requests)
	for _, name := range order {
		if err := add(placeLookUp+name, i.Connection[name].Request.URL); err != nil {
			return nil, err
		}
	}
	for k := range places {
		places[k].shared = places[k].name == placeToken && places[0].name != placeRefresh
	}
	return places, add(placeAPI, i.Requests.BaseURL)
}

func compilePlace(i *schema.Integration, name, text string) (place, error) {
	text, query, _ := strings.Cut(text, "?")
	t, err := schema.ParseTemplate(strings.TrimSuffix(text, "/"))
	if err != nil {
		return place{}, err
	}
	p := place{name: name, scheme: "https"}
	re, tail := "^", "/?$"
	if name == placeAPI || name == placeResource {
		tail = "(/.*)?$"
	}
	inHost := true
	for n, part := range t.Parts {
		if part.Refs != nil {
			pattern, example := urlPart(i, part.Refs, inHost)
			re += pattern
			p.example += example
			continue
		}
		literal := part.Literal
		p.example += literal
		if _, after, ok := strings.Cut(literal, "://"); ok && n == 0 {
			literal = after
		}
		p.weight += len(literal)
		re += literalPart(literal, &inHost)
	}
	if scheme, _, ok := strings.Cut(p.example, "://"); ok {
		p.scheme = scheme
	}
	if p.re, err = regexp.Compile(re + tail); err != nil {
		return place{}, err
	}
	p.query, err = compileQuery(query)
	return p, err
}

// literalPart returns what a piece of a URL matches; hosts are in lower case.
func literalPart(literal string, inHost *bool) string {
	if !*inHost {
		return regexp.QuoteMeta(literal)
	}
	host, path, slash := strings.Cut(literal, "/")
	if slash {
		path, *inHost = "/"+path, false
	}
	return regexp.QuoteMeta(strings.ToLower(host) + path)
}

// urlPart returns what a placeholder matches in a URL, and an example of it.
func urlPart(i *schema.Integration, refs []schema.Ref, inHost bool) (pattern, example string) {
	var alternatives []string
	for _, ref := range refs {
		if ref.Func != "" {
			alternatives = append(alternatives, fieldPatterns(schema.Field{}, inHost)...)
			if example == "" {
				example = "sandbox"
			}
			continue
		}
		if ref.Name == "" {
			text := ref.Literal
			if inHost {
				if _, after, ok := strings.Cut(text, "://"); ok {
					text = strings.TrimSuffix(after, "/")
				}
				text = strings.ToLower(text)
			}
			alternatives = append(alternatives, regexp.QuoteMeta(text))
			if example == "" {
				example = ref.Literal
			}
			continue
		}
		field := i.Connection[strings.TrimPrefix(ref.Name, "connection.")].Field
		alternatives = append(alternatives, fieldPatterns(field, inHost)...)
		if example == "" {
			example = exampleOf(ref.Name[strings.LastIndexByte(ref.Name, '.')+1:], field)
		}
	}
	return "(?:" + strings.Join(alternatives, "|") + ")", example
}

func fieldPatterns(f schema.Field, inHost bool) (out []string) {
	values := f.Enum
	if len(values) == 0 {
		switch {
		case !inHost:
			out = append(out, `[^/]+`)
		case f.Format == "uri":
			out = append(out, `[^/]+`)
		case f.Format == "hostname":
			out = append(out, `[a-z0-9._:\[\]-]+`)
		default:
			out = append(out, `[a-z0-9_-]+`)
		}
		values = []string{f.Example, f.Default}
		if f.Format == "uri" {
			defer func() { slices.Reverse(out) }() // a whole URL, path and all, before any host
		}
	}
	for _, v := range values {
		if v == "" {
			continue
		}
		if inHost {
			if _, after, ok := strings.Cut(v, "://"); ok {
				v = strings.TrimSuffix(after, "/")
			}
			v = strings.ToLower(v)
		}
		out = append(out, regexp.QuoteMeta(v))
	}
	return out
}

// exampleOf returns a value for a field that nobody supplied.
func exampleOf(name string, f schema.Field) string {
	switch {
	case f.Example != "":
		return f.Example
	case f.Default != "":
		return f.Default
	case len(f.Enum) > 0:
		return f.Enum[0]
	}
	switch f.Format {
	case "private_key":
		return PrivateKey
	case "hostname":
		return "sandbox.example.com"
	case "uri":
		return "https://sandbox.example.com"
	case "email":
		return "sandbox@example.com"
	case "uuid":
		return "00000000-0000-4000-8000-000000000001"
	case "integer":
		return "1"
	}
	return "sandbox-" + strings.ReplaceAll(name, "_", "-")
}

// locate finds the place that the request reached: the longest declared URL.
func (p *Provider) locate(r *http.Request) (location, bool) {
	return locate(p.places, hostOf(r), r.URL.EscapedPath())
}

func locate(places []place, host, path string) (location, bool) {
	if path == "" {
		path = "/"
	}
	var best location
	found := false
	for _, at := range places {
		m := at.re.FindStringSubmatch(host + path)
		if m == nil || found && (at.name == placeAPI || at.weight <= best.weight) {
			continue // the API comes last: an endpoint below base_url is an endpoint
		}
		best, found = location{place: at, rest: "/"}, true
		if len(m) > 1 && m[1] != "" {
			best.rest = m[1]
		}
	}
	return best, found
}

// hostOf returns the host that was asked for, in lower case, without a port that
// goes without saying.
func hostOf(r *http.Request) string {
	host := r.Host
	if r.URL.Host != "" {
		host = r.URL.Host
	}
	return plainHost(host)
}

func plainHost(host string) string {
	host = strings.ToLower(host)
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}

// declaredURLs lists the provider's URLs, for people.
func (p *Provider) declaredURLs() string {
	var urls []string
	for _, at := range p.places {
		urls = append(urls, at.name+" "+at.example)
	}
	return strings.Join(urls, ", ")
}

// realURL returns the provider's own URL for a path and query at the place of r.
func (at location) realURL(r *http.Request, path string, query url.Values) string {
	u := at.scheme + "://" + hostOf(r) + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	return u
}
