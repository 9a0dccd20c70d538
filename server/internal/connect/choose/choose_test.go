package choose_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/choose"
	"github.com/nango-lite/nango-lite/server/internal/connect/flow"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/connect/socket"
	"github.com/nango-lite/nango-lite/store/record"
)

var conn = engine.Key{Integration: "tides", ConnectionID: "a"}

// accounts is an engine with a connection whose account is to be chosen.
type accounts struct{ chosen string }

func (e *accounts) Connection(context.Context, engine.Key) (*engine.Connection, error) {
	return &engine.Connection{Key: conn}, nil
}
func (e *accounts) Describe(string) (*engine.Description, error) { return &engine.Description{}, nil }
func (e *accounts) OpenFields(*engine.Connection) ([]engine.InputField, error) {
	if e.chosen != "" {
		return nil, nil
	}
	return []engine.InputField{{Name: "account", Choice: true, Field: schema.Field{Title: "Account"}}}, nil
}
func (e *accounts) Choices(context.Context, engine.Key, string) ([]engine.Choice, error) {
	return []engine.Choice{{Value: "1", Title: "First"}, {Value: "2", Title: "Second"}}, nil
}
func (e *accounts) SetFields(_ context.Context, _ engine.Key, fields map[string]string) (*engine.Connection, error) {
	if fields["account"] != "1" && fields["account"] != "2" {
		return nil, &engine.Error{Kind: engine.KindClient}
	}
	e.chosen = fields["account"]
	return &engine.Connection{Key: conn}, nil
}

var tokenOf = regexp.MustCompile(`name="token" value="([^"]+)"`)

// What is chosen on the page counts once, for the browser that was shown the page; a choice
// that is none is asked for again.
func TestChooser(t *testing.T) {
	e, records := &accounts{}, &record.Memory{}
	here := &site.Site{Settings: func() schema.Server { return schema.Server{} }}
	c := &choose.Chooser{
		Engine: e, Site: here, Now: time.Now, Flows: &flow.Store{Records: records, Secure: here.Secure},
		Teller: &result.Teller{Engine: e, Site: here, Sockets: socket.New(records, here, time.Now)},
	}
	begin := func(r *http.Request) (*answer.Writer, *httptest.ResponseRecorder) {
		rec := httptest.NewRecorder()
		return (&answer.Options{Now: time.Now, MaxBodyBytes: 1 << 10}).Begin(rec, r), rec
	}
	post := func(from *httptest.ResponseRecorder, value string, mine bool) *httptest.ResponseRecorder {
		t.Helper()
		token := tokenOf.FindStringSubmatch(from.Body.String())
		if token == nil {
			t.Fatalf("there is no form:\n%s", from.Body)
		}
		form := url.Values{"token": {token[1]}, "field": {"account"}, "value": {value}}
		r := httptest.NewRequest("POST", "/oauth/choose", strings.NewReader(form.Encode()))
		for _, cookie := range from.Result().Cookies() {
			if mine && cookie.MaxAge >= 0 {
				r.AddCookie(cookie)
			}
		}
		w, rec := begin(r)
		c.Chosen(w)
		return rec
	}
	page := func() *httptest.ResponseRecorder {
		w, rec := begin(httptest.NewRequest("GET", "/", nil))
		if !c.Show(t.Context(), w, &flow.Flow{Key: conn}, &engine.Connection{Key: conn}, "") || !strings.Contains(rec.Body.String(), "Second") {
			t.Fatalf("nothing is to be chosen:\n%s", rec.Body)
		}
		return rec
	}

	if rec := post(page(), "2", false); rec.Code != 400 || e.chosen != "" {
		t.Errorf("another browser has chosen %q: %d", e.chosen, rec.Code)
	}
	first := page()
	again := post(first, "none", true)
	if again.Code != 200 || !strings.Contains(again.Body.String(), "could not be chosen") {
		t.Errorf("%d\n%s", again.Code, again.Body)
	}
	if rec := post(first, "2", true); rec.Code != 400 || e.chosen != "" {
		t.Errorf("the first page counts again: %d, %q", rec.Code, e.chosen)
	}
	if rec := post(again, "2", true); rec.Code != 200 || e.chosen != "2" || !strings.Contains(rec.Body.String(), "Connected") {
		t.Errorf("%d, %q\n%s", rec.Code, e.chosen, rec.Body)
	}
	w, _ := begin(httptest.NewRequest("GET", "/", nil))
	if c.Show(t.Context(), w, &flow.Flow{Key: conn}, &engine.Connection{Key: conn}, "") {
		t.Error("it is to be chosen again")
	}
}
