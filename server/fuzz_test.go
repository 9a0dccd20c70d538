package server_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whatever a stranger sends, to whatever route: the server goes on, gives nothing away,
// and answers with an error.
func FuzzRequestsOfStrangers(f *testing.F) {
	for _, seed := range []string{
		"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\ngrant_type=client_credentials",
		"POST /oauth/token HTTP/1.1\r\nHost: x\r\nAuthorization: Basic OnRpZGVzL3VzZXItNDI=\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\ngrant_type=client_credentials",
		"GET /c/tides/user-42/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nlk_0123456789012345678901234567890123456789\r\n\r\n",
		"GET /c/tides/%2e%2e/x?a=b HTTP/1.1\r\nHost: x\r\nX-Api-Key: nlk_0123456789012345678901234567890123456789\r\n\r\n",
		"GET /proxy/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nProvider-Config-Key: tides\r\nConnection-Id: user-42\r\nRetries: 3\r\nRetry-On: 409\r\nBase-Url-Override: http://127.0.0.1\r\n\r\n",
		"GET /connections/a/b?provider_config_key=tides&tags[a]=b HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /oauth/callback/tides?error=access_denied HTTP/1.1\r\nHost: x\r\nCookie: nango_lite_0123456789abcdef0123456789abcdef=x\r\n\r\n",
		"POST /oauth/callback?state=a HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\nstate=a&code=b",
		"GET /oauth/connect/tides?connect_session_token=nango_connect_session_0000000000000000000000000000000000000000000000000000000000000000&params[a]=b HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /api-auth/api-key/lamps?connect_session_token=x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"apiKey\":\"k\"}",
		"POST /connect/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		"POST /oauth/choose HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\ntoken=a",
		"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
		"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		f.Add(seed)
	}
	var s *stage
	f.Fuzz(func(t *testing.T, text string) {
		if s == nil || s.T != t {
			s = newStage(t, nil)
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		s.server.ServeHTTP(w, r)
		if strings.Contains(s.logged(), "level=ERROR msg=panic") {
			t.Fatalf("panic:\n%s", s.logged())
		}
		open := map[string]bool{"/healthz": true, "/readyz": true, "/openapi.json": true}
		asks := r.Method == http.MethodOptions && w.Code == http.StatusNoContent // what browsers ask before another origin's page may
		if w.Code < 300 && !open[r.URL.Path] && !asks {
			t.Errorf("a stranger was answered with %d: %s", w.Code, w.Body)
		}
		if body := w.Body.String(); strings.Contains(body, "s3cret") || strings.Contains(body, operator) {
			t.Errorf("the answer gives something away: %s", body)
		}
	})
}

// Whatever the holder of a bound key sends, it reaches no other connection.
func FuzzABoundKey(f *testing.F) {
	for _, seed := range []string{"/c/tides/user-42/x", "/c/tides/user-43/x", "/c/tides/user-42/../user-43/x", "/c/tides/user-42%2f..%2fuser-43/x", "/proxy/x", "/connections/user-43?provider_config_key=tides", "/c/tides/user-42//x", "/connections?limit=1"} {
		f.Add(seed, "user-43")
	}
	f.Fuzz(func(t *testing.T, target, id string) {
		s := newStage(t, nil)
		s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+accessSecret {
				t.Errorf("the provider was called with another's token, by %q", target)
			}
		})
		key := s.key("bound", nil, "tides/user-42")
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			return
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Provider-Config-Key", "tides")
		r.Header.Set("Connection-Id", id)
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if p := recover(); p != nil && p != http.ErrAbortHandler {
					panic(p)
				}
			}()
			s.server.ServeHTTP(w, r)
		}()
		if strings.Contains(s.logged(), "level=ERROR msg=panic") {
			t.Fatalf("panic:\n%s", s.logged())
		}
	})
}
