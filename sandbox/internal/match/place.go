package match

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// VerificationPath is where users enter their codes, below device_authorization_url.
const VerificationPath = "/verify"

// Places that MCP_OAUTH2 discovers.
const (
	PlaceResource = "resource_metadata"
	PlaceServer   = "server_metadata"
	PlaceRegister = "registration_endpoint"
)

// PlaceLookUp begins the names of the places where connection fields are looked up
// by a URL of their own; the field's name follows.
const PlaceLookUp = "look-up of connection."

// Names of the places at a provider.
const (
	PlaceAuthorize = "authorization_url"
	PlaceToken     = "token_url"
	PlaceRefresh   = "refresh_url"
	PlaceRevoke    = "revocation_url"
	PlaceRequest   = "request_url"
	PlaceRole      = "auth.aws.assume_role.url"
	PlaceAPI       = "base_url"

	PlaceDevice       = "device_authorization_url"
	PlaceIntrospect   = "introspection_url"
	PlacePushed       = "pushed_authorization_url"
	PlaceVerification = "the page for user codes" // below device_authorization_url
)

// A Place is a declared URL. Placeholders in it match what they may stand for, so
// that every tenant's host is the provider's.
type Place struct {
	Name    string
	Example string         // with examples filled in, for people
	Scheme  string         // of the declared URL
	Pattern *regexp.Regexp // over host and path; group 1 is what follows base_url
	Weight  int            // literal characters: the longest declared URL wins
	Query   []Declared     // the declared URL's own query
	Shared  bool           // token_url where refresh_url is the same or unset
}

// A Location is a place that a request reached.
type Location struct {
	Place
	Rest string // escaped path below base_url, "/" at least
}

func CompilePlaces(i *schema.Integration) ([]Place, error) {
	var places []Place
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
			if err := add(PlaceRefresh, a.RefreshURL); err != nil {
				return nil, err
			}
		}
		for _, e := range [][2]string{{PlaceAuthorize, a.AuthorizationURL}, {PlaceToken, a.TokenURL}, {PlaceRevoke, a.RevocationURL}, {PlaceIntrospect, a.IntrospectionURL}, {PlacePushed, a.PushedAuthorizationURL}} {
			if err := add(e[0], e[1]); err != nil {
				return nil, err
			}
		}
		if a.DeviceAuthorizationURL != "" {
			page, _, _ := strings.Cut(a.DeviceAuthorizationURL, "?")
			for _, e := range [][2]string{{PlaceDevice, a.DeviceAuthorizationURL}, {PlaceVerification, strings.TrimSuffix(page, "/") + VerificationPath}} {
				if err := add(e[0], e[1]); err != nil {
					return nil, err
				}
			}
		}
		for n, s := range a.Steps {
			if err := add(PlaceStep+strconv.Itoa(n), s.URL); err != nil {
				return nil, err
			}
		}
	}
	if role := a.AssumesRole(); role != nil {
		if err := add(PlaceRole, role.URL); err != nil {
			return nil, err
		}
	}
	if a.AuthMode == schema.OAuth1 {
		for _, e := range [][2]string{{PlaceRequest, a.RequestURL}, {PlaceAuthorize, a.AuthorizationURL}, {PlaceToken, a.TokenURL}} {
			if err := add(e[0], e[1]); err != nil {
				return nil, err
			}
		}
	}
	order, _ := schema.LookUps(i.Connection, &i.Requests)
	for _, name := range order {
		if err := add(PlaceLookUp+name, i.Connection[name].Request.URL); err != nil {
			return nil, err
		}
	}
	for k := range places {
		places[k].Shared = places[k].Name == PlaceToken && places[0].Name != PlaceRefresh
	}
	return places, add(PlaceAPI, i.Requests.BaseURL)
}

func compilePlace(i *schema.Integration, name, text string) (Place, error) {
	text, query, _ := strings.Cut(text, "?")
	t, err := schema.ParseTemplate(strings.TrimSuffix(text, "/"))
	if err != nil {
		return Place{}, err
	}
	p := Place{Name: name, Scheme: "https"}
	re, tail := "^", "/?$"
	if name == PlaceAPI || name == PlaceResource {
		tail = "(/.*)?$"
	}
	inHost := true
	for n, part := range t.Parts {
		if part.Refs != nil {
			pattern, example := URLPart(i, part.Refs, inHost)
			re += pattern
			p.Example += example
			continue
		}
		literal := part.Literal
		p.Example += literal
		if _, after, ok := strings.Cut(literal, "://"); ok && n == 0 {
			literal = after
		}
		p.Weight += len(literal)
		re += literalPart(literal, &inHost)
	}
	if scheme, _, ok := strings.Cut(p.Example, "://"); ok {
		p.Scheme = scheme
	}
	if p.Pattern, err = regexp.Compile(re + tail); err != nil {
		return Place{}, err
	}
	p.Query, err = compileQuery(query)
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

// Locate finds the place that a request reached: the longest declared URL.
func Locate(places []Place, host, path string) (Location, bool) {
	if path == "" {
		path = "/"
	}
	var best Location
	found := false
	for _, at := range places {
		m := at.Pattern.FindStringSubmatch(host + path)
		if m == nil || found && (at.Name == PlaceAPI || at.Weight <= best.Weight) {
			continue // the API comes last: an endpoint below base_url is an endpoint
		}
		best, found = Location{Place: at, Rest: "/"}, true
		if len(m) > 1 && m[1] != "" {
			best.Rest = m[1]
		}
	}
	return best, found
}

// RealURL returns the provider's own URL for a path and query at the place of r.
func (at Location) RealURL(r *http.Request, path string, query url.Values) string {
	u := at.Scheme + "://" + message.HostOf(r) + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	return u
}

// PlaceStep and a number is the place of one of auth.steps.
const PlaceStep = "auth.steps."
