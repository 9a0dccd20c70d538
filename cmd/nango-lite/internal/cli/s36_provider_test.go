package cli

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
)

// A gossip is a provider that repeats whatever it hears, wherever an answer has
// room for it, and adds secrets of its own.
type gossip struct {
	seeds *seeds
	mode  string // how it answers
	token string // how its token endpoint answers
	role  bool   // it gives temporary keys
	heard []string
}

// gossipModes are the ways to answer a call; gossipTokenModes those to answer at
// the token endpoint.
var (
	gossipModes = map[string]func(*gossip, *http.Request, string) (*http.Response, error){
		"ok":  func(g *gossip, r *http.Request, said string) (*http.Response, error) { return g.answer(r, 200, said) },
		"400": func(g *gossip, r *http.Request, said string) (*http.Response, error) { return g.answer(r, 400, said) },
		"401": func(g *gossip, r *http.Request, said string) (*http.Response, error) { return g.answer(r, 401, said) },
		"403": func(g *gossip, r *http.Request, said string) (*http.Response, error) { return g.answer(r, 403, said) },
		"404": func(g *gossip, r *http.Request, said string) (*http.Response, error) { return g.answer(r, 404, said) },
		"429": func(g *gossip, r *http.Request, said string) (*http.Response, error) { return g.answer(r, 429, said) },
		"503": func(g *gossip, r *http.Request, said string) (*http.Response, error) { return g.answer(r, 503, said) },
		"problem": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			resp, err := g.answer(r, 422, said)
			resp.Header.Set("Content-Type", "application/problem+json")
			b, _ := json.Marshal(map[string]any{"type": "https://x.example/#" + g.word(r), "title": said, "detail": said})
			resp.Body = io.NopCloser(strings.NewReader(string(b)))
			return resp, err
		},
		"here": func(g *gossip, r *http.Request, said string) (*http.Response, error) { // and here, and here
			resp, err := g.answer(r, 302, said)
			resp.Header.Set("Location", "/v1/again/"+g.seeds.put("own: Location's path")+"?token="+url.QueryEscape(g.seeds.put("own: Location's query")))
			return resp, err
		},
		"elsewhere": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			if r.URL.Host != "api.gossip.example" {
				return nil, fmt.Errorf("cannot reach %s with %v", r.URL, r.Header)
			}
			resp, err := g.answer(r, 307, said)
			resp.Header.Set("Location", "https://elsewhere.example/"+url.PathEscape(g.seeds.put("own: Location's path"))+"?token="+url.QueryEscape(g.seeds.put("own: Location's query")))
			return resp, err
		},
		"nonsense": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			resp, err := g.answer(r, 301, said)
			resp.Header.Set("Location", "http://user:"+g.seeds.put("own: Location's password")+"@%zz/"+g.seeds.put("own: Location's path"))
			return resp, err
		},
		"down": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return nil, errors.New("proxy refused " + r.URL.String() + ": " + said)
		},
		"url error": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("malformed HTTP response \"" + said + "\"")}
		},
		"broken off": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			resp, err := g.answer(r, 200, said)
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(said), failing{errors.New("connection lost: " + said)}))
			return resp, err
		},
		"page": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			b, _ := json.Marshal(map[string]any{"items": []string{"one"}, "next": g.seeds.put("own: cursor") + g.word(r)})
			resp, err := g.answer(r, 200, said)
			resp.Body = io.NopCloser(strings.NewReader(string(b)))
			resp.Header.Set("Link", `<https://elsewhere.example/?c=`+url.QueryEscape(g.seeds.put("own: link"))+`>; rel="next"`)
			return resp, err
		},
	}
	gossipTokenModes = map[string]func(*gossip, *http.Request, string) (*http.Response, error){
		"ok": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return g.json(r, 200, map[string]any{
				"access_token": g.seeds.put("access token"), "refresh_token": g.seeds.put("refresh token"), "token_type": "bearer", "expires_in": 3600,
				"extra": g.seeds.put("raw token answer"), "id_token": g.seeds.put("id token"), "ticket": g.seeds.put("secret field of the token answer"),
			})
		},
		"no end": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			if r.URL.Path == "/introspect" {
				return g.json(r, 200, map[string]any{"active": said, "exp": said, "scope": said, "error": g.word(r)})
			}
			return g.json(r, 200, map[string]any{"access_token": g.seeds.put("access token"), "refresh_token": g.seeds.put("refresh token"), "ticket": g.seeds.put("secret field of the token answer")})
		},
		"refused": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return g.json(r, 400, map[string]any{"error": "invalid_client", "error_description": said, "error_uri": said})
		},
		"echoes in the code": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return g.json(r, 400, map[string]any{"error": g.word(r), "error_description": said})
		},
		"invalid_grant": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return g.json(r, 400, map[string]any{"error": "invalid_grant", "error_description": said})
		},
		"down for now": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return g.json(r, 503, map[string]any{"error": said})
		},
		"200 and error": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return g.json(r, 200, map[string]any{"error": map[string]any{"code": g.word(r), "message": said}})
		},
		"no token": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return g.json(r, 200, map[string]any{"refresh_token": g.seeds.put("refresh token without an access token"), "said": said})
		},
		"odd type": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return g.json(r, 200, map[string]any{"access_token": g.seeds.put("access token of an odd type"), "token_type": g.word(r), "expires_in": said})
		},
		"html": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			resp, err := g.answer(r, 200, said)
			resp.Header.Set("Content-Type", "text/html")
			resp.Body = io.NopCloser(strings.NewReader("<html>" + said))
			return resp, err
		},
		"xml": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			resp, err := g.answer(r, 403, said)
			var message strings.Builder
			_ = xml.EscapeText(&message, []byte(said))
			resp.Body = io.NopCloser(strings.NewReader("<E><Error><Code>" + g.word(r) + "</Code><Message>" + message.String() + "</Message></Error></E>"))
			return resp, err
		},
		"half": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			resp, err := g.answer(r, 200, said)
			resp.Body = io.NopCloser(strings.NewReader(`{"access_token":"` + g.seeds.put("access token of half an answer")))
			return resp, err
		},
		"here": gossipHere,
		"nonsense": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return gossipModes["nonsense"](g, r, said)
		},
		"down": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return gossipModes["down"](g, r, said)
		},
		"url error": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return gossipModes["url error"](g, r, said)
		},
		"broken off": func(g *gossip, r *http.Request, said string) (*http.Response, error) {
			return gossipModes["broken off"](g, r, said)
		},
	}
)

func gossipHere(g *gossip, r *http.Request, said string) (*http.Response, error) {
	resp, err := g.answer(r, 302, said)
	resp.Header.Set("Location", "https://elsewhere.example/?token="+url.QueryEscape(g.seeds.put("own: Location at the token endpoint")))
	return resp, err
}

// PublicOnly implements engine.PublicTransport: no name is looked up for it.
func (g *gossip) PublicOnly() http.RoundTripper { return g }

var _ engine.PublicTransport = (*gossip)(nil)

func (g *gossip) RoundTrip(r *http.Request) (*http.Response, error) {
	said := r.Method + " " + r.URL.String() + "\n"
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		said += name + ": " + strings.Join(r.Header[name], ", ") + "\n"
	}
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		form, _ := url.ParseQuery(string(b))
		said += string(b) + "\n" + fmt.Sprint(form)
	}
	g.heard = append(g.heard, said)
	if r.URL.Path == "/device" && g.token != "refused" {
		return g.json(r, 200, map[string]any{
			"device_code": g.seeds.put("device code"), "user_code": "WDJB-MJHT", "verification_uri": "https://api.gossip.example/link",
			"verification_uri_complete": "https://api.gossip.example/link?user_code=WDJB-MJHT", "expires_in": 30, "message": said,
		})
	}
	if g.role && r.URL.Path == "/token" {
		return gossipRole(g, r, said)
	}
	if strings.HasPrefix(r.URL.Path, "/token") || r.URL.Path == "/device" || r.URL.Path == "/introspect" || strings.HasPrefix(r.URL.Path, "/revoke") {
		return gossipTokenModes[g.token](g, r, said)
	}
	return gossipModes[g.mode](g, r, said)
}

// word is a secret of ours that the provider has heard in r: another one each
// time.
func (g *gossip) word(r *http.Request) string {
	said := g.heard[len(g.heard)-1]
	var words []string
	g.seeds.mu.Lock()
	defer g.seeds.mu.Unlock()
	for place, seed := range g.seeds.texts {
		if !strings.HasPrefix(place, "own: ") && (strings.Contains(said, seed) || strings.Contains(said, url.QueryEscape(seed))) {
			words = append(words, seed)
		}
	}
	if len(words) == 0 {
		return "nothing_heard"
	}
	slices.Sort(words)
	return words[len(g.heard)%len(words)]
}

// answer says everything everywhere.
func (g *gossip) answer(r *http.Request, status int, said string) (*http.Response, error) {
	resp, err := g.json(r, status, map[string]any{
		"error": map[string]any{"code": g.word(r), "message": said}, "own": g.seeds.put("own: body"), "said": said,
		"items": []string{said},
	})
	h := resp.Header
	h.Set("X-Trace", g.word(r))
	h.Set("X-Request-Id", g.word(r))
	h.Set("Retry-After", g.word(r))
	h.Set("X-Remaining", g.word(r))
	h.Set("RateLimit", `"`+g.word(r)+`";r=0;t=`+g.word(r))
	h.Set("Set-Cookie", "session="+g.seeds.put("own: cookie"))
	h.Set("WWW-Authenticate", `Bearer error="`+g.word(r)+`", own="`+g.seeds.put("own: WWW-Authenticate")+`"`)
	h.Set("X-Own", g.seeds.put("own: header"))
	resp.Status = fmt.Sprint(status, " ", g.word(r), g.seeds.put("own: status line"))
	return resp, err
}

func (g *gossip) json(r *http.Request, status int, v any) (*http.Response, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(b))), ContentLength: -1, Request: r,
	}, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
