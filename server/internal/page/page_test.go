package page_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

func show(p page.Page) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	page.Show((&answer.Options{Now: time.Now}).Begin(rec, httptest.NewRequest("GET", "/", nil)), page.Look{}, p)
	return rec
}

// Whatever a page says, it is text: nothing in it is run, and its policy allows no more than
// the page needs.
func TestShow(t *testing.T) {
	rec := show(page.Page{Status: 400, Title: "<script>alert(1)</script>", Text: `"><img src=x>`, Links: []page.Link{{URL: "javascript:alert(1)", Text: "go"}}})
	body, policy := rec.Body.String(), rec.Header().Get("Content-Security-Policy")
	if rec.Code != 400 || strings.Contains(body, "<script") || strings.Contains(body, "<img") || strings.Contains(body, "javascript:") {
		t.Errorf("%d\n%s", rec.Code, body)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
		if got := rec.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if strings.Contains(policy, "script-src") || !strings.Contains(policy, "form-action 'none'") {
		t.Errorf("policy: %s", policy)
	}
}

// The window that opened the page is told by its origin alone, and each page has a nonce of
// its own.
func TestShowTellsTheOpener(t *testing.T) {
	p := page.Page{Status: 200, Title: "x", Origins: []string{"https://app.example"}, Event: map[string]any{"type": "</script>"}}
	first, second := show(p), show(p)
	body, policy := first.Body.String(), first.Header().Get("Content-Security-Policy")
	if strings.Count(body, "</script>") != 1 || !strings.Contains(body, `postMessage({"type":"\u003c/script\u003e"}, origin)`) || !strings.Contains(body, `["https://app.example"]`) {
		t.Errorf("body:\n%s", body)
	}
	if !strings.Contains(policy, "script-src 'nonce-") || policy == second.Header().Get("Content-Security-Policy") {
		t.Errorf("policy: %s", policy)
	}
	if policy := show(page.Page{Form: &page.Form{}, Status: 200}).Header().Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self'") {
		t.Errorf("of a form: %s", policy)
	}
}
