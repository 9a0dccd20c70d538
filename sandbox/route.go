package sandbox

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/sign"
	"github.com/nango-lite/nango-lite/schema"
)

// IntegrationHeader names the integration of a request where the URL leaves it
// open, because two integrations use the same provider. The context of
// [WithIntegration] does the same without a header.
const IntegrationHeader = message.IntegrationHeader

type integrationKey struct{}

// WithIntegration returns a context whose requests are for that integration, if
// it lives at the request's URL.
func WithIntegration(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, integrationKey{}, name)
}

// A route is an integration and where it lives.
type route struct {
	Integration *schema.Integration
	Places      []match.Place
}

// choose returns the index of the route for a request: the one that is named, else the
// one with the longest declared URL, else (two integrations of one provider) the
// one that a token or the client id in the request belongs to.
func choose(routes []route, r *http.Request, body []byte) (int, error) {
	host, path := message.HostOf(r), r.URL.EscapedPath()
	named, _ := r.Context().Value(integrationKey{}).(string)
	if named == "" {
		named = r.Header.Get(IntegrationHeader)
	}
	var best []int
	weight := 0
	for i := range routes {
		at, ok := match.Locate(routes[i].Places, host, path)
		if !ok {
			continue
		}
		if routes[i].Integration.Name == named {
			return i, nil
		}
		switch {
		case len(best) == 0 || at.Weight > weight:
			best, weight = []int{i}, at.Weight
		case at.Weight == weight:
			best = append(best, i)
		}
	}
	switch len(best) {
	case 0:
		return 0, fmt.Errorf("sandbox: no provider of the config lives at %s", host)
	case 1:
		return best[0], nil
	}
	return recognise(routes, best, r, body), nil
}

// recognise tells integrations of one provider apart by what the request carries.
func recognise(routes []route, tied []int, r *http.Request, body []byte) int {
	query := r.URL.Query()
	said := r.URL.RawQuery + "\n" + string(body)
	for _, values := range r.Header {
		said += "\n" + strings.Join(values, "\n")
	}
	client := query.Get("client_id")
	if user, _, ok := r.BasicAuth(); ok {
		client = user
		if encoded, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Basic "); ok {
			if b, err := base64.StdEncoding.DecodeString(encoded); err == nil {
				said += "\n" + string(b)
			}
		}
	}
	if m := sign.AWSHeader().FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		client = m[1]
	}
	for _, word := range grant.TokenText().FindAllString(said, -1) {
		if c, ok := grant.Open(word); ok {
			for _, i := range tied {
				if routes[i].Integration.Name == c.Integration {
					return i
				}
			}
		}
	}
	for _, i := range tied {
		id := routes[i].Integration.OAuthClientID
		if id != "" && (client == id || client == url.QueryEscape(id)) {
			return i
		}
	}
	return tied[0]
}
