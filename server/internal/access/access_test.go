package access_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
)

// keys are API keys by their text; what they have not cannot be read if err is set.
type keys struct {
	known map[string]*apikey.Key
	err   error
}

func (k keys) Find(_ context.Context, text string) (*apikey.Key, error) {
	if found := k.known[text]; found != nil {
		return found, nil
	}
	return nil, k.err
}

func ask(header string) (*answer.Writer, *httptest.ResponseRecorder) {
	r, rec := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	return (&answer.Options{Now: time.Now}).Begin(rec, r), rec
}

func TestAdmit(t *testing.T) {
	reader := &apikey.Key{Name: "reader", Scopes: []apikey.Scope{apikey.ScopeRead}, Connections: []string{"tides/*"}}
	for _, c := range []struct {
		header string
		scope  apikey.Scope
		err    error
		want   string
	}{
		{"Bearer good", apikey.ScopeRead, nil, ""},
		{"bearer  good ", apikey.ScopeRead, nil, ""},
		{"", apikey.ScopeRead, nil, "missing_auth_header"},
		{"Basic good", apikey.ScopeRead, nil, "malformed_auth_header"},
		{"Bearer", apikey.ScopeRead, nil, "malformed_auth_header"},
		{"Bearer bad", apikey.ScopeRead, nil, "unknown_api_key"},
		{"Bearer bad", apikey.ScopeRead, errors.New("away"), "unavailable"},
		{"Bearer good", apikey.ScopeToken, nil, "forbidden"},
	} {
		g := &access.Guard{Keys: keys{map[string]*apikey.Key{"good": reader}, c.err}, Limit: &access.Limiter{}}
		w, rec := ask(c.header)
		key := g.Admit(w, c.scope)
		if got := rec.Header().Get(answer.ErrorHeader); got != c.want || (key != nil) != (c.want == "") {
			t.Errorf("%q for %s: got %+v, %q, want %q", c.header, c.scope, key, got, c.want)
		}
		if key != nil && w.APIKey != "reader" {
			t.Errorf("it is logged as %q", w.APIKey)
		}
	}
}

func TestReaches(t *testing.T) {
	g, key := &access.Guard{}, &apikey.Key{Name: "bound", Connections: []string{"tides/*"}}
	for integration, want := range map[string]int{"tides": 200, "lamps": 403} {
		w, rec := ask("")
		if got := g.Reaches(w, key, connection.Key{Integration: integration, ConnectionID: "a"}); got != (want == 200) || rec.Code != want {
			t.Errorf("%s: %v, %d", integration, got, rec.Code)
		}
	}
}

// A second's worth may come at once, each key has its own, and a clock that is set back
// gives nobody more.
func TestLimiter(t *testing.T) {
	now := time.Unix(0, 0)
	l := &access.Limiter{Rate: 2, Now: func() time.Time { return now }}
	steps := []struct {
		after time.Duration
		key   string
		want  time.Duration
	}{
		{0, "a", 0}, {0, "a", 0}, {0, "a", 500 * time.Millisecond}, {0, "b", 0},
		{250 * time.Millisecond, "a", 250 * time.Millisecond}, {250 * time.Millisecond, "a", 0},
		{-time.Hour, "a", 500 * time.Millisecond}, {2 * time.Hour, "a", 0}, {0, "a", 0}, {0, "a", 500 * time.Millisecond},
	}
	for i, s := range steps {
		now = now.Add(s.after)
		if got := l.Wait(s.key); got != s.want {
			t.Errorf("step %d: wait %s, want %s", i, got, s.want)
		}
	}
	if got := (&access.Limiter{}).Wait("a"); got != 0 {
		t.Errorf("without a limit: wait %s", got)
	}
}
