package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

const (
	WellKnownResource = "/.well-known/oauth-protected-resource"
	wellKnownServer   = "/.well-known/oauth-authorization-server"

	// IssuerPath is where the authorization server of a resource lives that declares no
	// other: at its own host.
	IssuerPath = "/sandbox-as"

	// AskedScope is what the resource asks for where nobody declares scopes.
	AskedScope = "sandbox:use"
)

// discovered are the places of a resource and of the server that authorises for it.
func discovered(i *schema.Integration) ([]Place, error) {
	host, _, err := SplitURL(i.Requests.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	issuer, path := host, IssuerPath
	if declared := i.Auth.AuthorizationServer; declared != "" {
		if issuer, path, err = SplitURL(declared); err != nil {
			return nil, fmt.Errorf("authorization_server: %w", err)
		}
		path = strings.TrimSuffix(path, "/")
	}
	var places []Place
	for _, e := range [][2]string{
		{PlaceResource, host + WellKnownResource}, {PlaceServer, issuer + wellKnownServer + path},
		{PlaceAuthorize, issuer + path + "/authorize"}, {PlaceToken, issuer + path + "/token"},
		{PlaceRegister, issuer + path + "/register"}, {PlaceRevoke, issuer + path + "/revoke"},
	} {
		p, err := compilePlace(i, e[0], e[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e[0], err)
		}
		places = append(places, p)
	}
	return places, nil
}

// SplitURL cuts the template of a URL behind its host.
func SplitURL(text string) (host, path string, err error) {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return "", "", err
	}
	for n, part := range t.Parts {
		if part.Refs != nil {
			continue
		}
		from := 0
		if i := strings.Index(part.Literal, "://"); i >= 0 && n == 0 {
			from = i + 3
		}
		if i := strings.IndexByte(part.Literal[from:], '/'); i >= 0 {
			before := append(slices.Clone(t.Parts[:n]), schema.Part{Literal: part.Literal[:from+i]})
			after := append([]schema.Part{{Literal: part.Literal[from+i:]}}, t.Parts[n+1:]...)
			return schema.Template{Parts: before}.String(), schema.Template{Parts: after}.String(), nil
		}
	}
	return text, "", nil
}
