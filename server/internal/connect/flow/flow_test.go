package flow_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/flow"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/store/record"
)

// A flow is taken once, and only the browser that began it is known by its cookie.
func TestAFlowIsBoundToItsBrowser(t *testing.T) {
	for _, secure := range []bool{true, false} {
		s := &flow.Store{Records: &record.Memory{}, Secure: func() bool { return secure }}
		id, rec := ident.ShortHash("state"), httptest.NewRecorder()
		w := (&answer.Options{Now: time.Now}).Begin(rec, httptest.NewRequest("GET", "/", nil))
		f := &flow.Flow{Key: engine.Key{Integration: "tides", ConnectionID: "a"}, Pending: "p"}
		if err := s.Begin(w, flow.Callback, id, f, time.Now().Add(time.Minute), false); err != nil {
			t.Fatal(err)
		}
		cookies := rec.Result().Cookies()
		if len(cookies) != 1 || cookies[0].Secure != secure || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
			t.Fatalf("cookies: %v", cookies)
		}
		mine, others := httptest.NewRequest("GET", "/", nil), httptest.NewRequest("GET", "/", nil)
		mine.AddCookie(cookies[0])
		others.AddCookie(&http.Cookie{Name: cookies[0].Name, Value: "guessed"})
		if ids := s.IDs(mine); len(ids) != 1 || ids[0] != id {
			t.Errorf("the browser's flows: %q", ids)
		}
		if _, err := s.Take(t.Context(), flow.Choice, id); err == nil {
			t.Error("a flow is taken for one of another kind")
		}
		got, err := s.Take(t.Context(), flow.Callback, id)
		if err != nil || got.Key != f.Key || got.Pending != "p" {
			t.Fatalf("got %+v, %v", got, err)
		}
		if !s.SameBrowser(mine, id, got) || s.SameBrowser(others, id, got) || s.SameBrowser(httptest.NewRequest("GET", "/", nil), id, got) {
			t.Error("browsers are mixed up")
		}
		if _, err := s.Take(t.Context(), flow.Callback, id); err == nil || err.Code != "state_err" {
			t.Errorf("taken again: %v", err)
		}
	}
}

// Of two that look at the same flow, one changes it.
func TestAFlowIsChangedByOne(t *testing.T) {
	s := &flow.Store{Records: &record.Memory{}, Secure: func() bool { return false }}
	w := (&answer.Options{Now: time.Now}).Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if err := s.Begin(w, flow.Device, "id", &flow.Flow{Device: "d"}, time.Now().Add(time.Minute), false); err != nil {
		t.Fatal(err)
	}
	first, _ := s.Look(t.Context(), flow.Device, "id")
	second, _ := s.Look(t.Context(), flow.Device, "id")
	first.Device, second.Device = "first", "second"
	if !s.Change(t.Context(), first) || s.Change(t.Context(), second) {
		t.Error("both, or neither, have changed it")
	}
	if got, err := s.Look(t.Context(), flow.Device, "id"); err != nil || got.Device != "first" {
		t.Errorf("kept: %+v, %v", got, err)
	}
	if !s.Change(t.Context(), first) {
		t.Error("who has changed it cannot change it again")
	}
	s.Forget(t.Context(), w, flow.Device, "id")
	if _, err := s.Look(t.Context(), flow.Device, "id"); err == nil {
		t.Error("it is still there")
	}
}
