package proxy

import (
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/server/internal/apikey"
)

// keyInPlace finds the API key of a request that carries it where the provider's credential
// would stand: in Authorization, whatever the scheme, or in any other header. shown is the
// text of the key, or if there is none, what stands in Authorization.
func (p *Proxy) keyInPlace(r *http.Request) (key *apikey.Key, shown string, err error) {
	if text := r.Header.Get("Authorization"); text != "" {
		scheme, rest, _ := strings.Cut(text, " ")
		candidates := []string{strings.TrimSpace(rest)}
		if user, password, ok := r.BasicAuth(); ok {
			candidates = []string{password, user}
		} else if rest == "" {
			candidates = []string{scheme}
		}
		for _, c := range candidates {
			if key, err = p.Guard.Keys.Find(r.Context(), c); key != nil || err != nil {
				return key, c, err
			}
			shown = c
		}
	}
	for _, values := range r.Header {
		for _, v := range values {
			v = strings.TrimPrefix(v, "Bearer ")
			if len(v) < apikey.MinLength || strings.Contains(v, " ") {
				continue
			}
			if key, err = p.Guard.Keys.Find(r.Context(), v); key != nil || err != nil {
				return key, v, err
			}
		}
	}
	return nil, shown, nil
}
