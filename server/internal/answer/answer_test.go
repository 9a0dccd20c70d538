package answer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// serve answers one request by handle, and returns what was answered and logged.
func serve(t *testing.T, r *http.Request, handle answer.Handler) (*httptest.ResponseRecorder, answer.Request, string) {
	t.Helper()
	var log bytes.Buffer
	var seen answer.Request
	opts := &answer.Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Observe: func(q answer.Request) { seen = q }, Now: time.Now}
	rec := httptest.NewRecorder()
	func() {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				panic(p)
			}
		}()
		w := opts.Begin(rec, r)
		defer w.End()
		handle(w)
	}()
	return rec, seen, log.String()
}

func get() *http.Request { return httptest.NewRequest(http.MethodGet, "/x?q=s3cret", nil) }

// Each kind of error of the engine has a status of its own, and those that pass say when to
// come back.
func TestErrorsOfTheEngine(t *testing.T) {
	for kind, want := range map[engine.Kind]string{
		engine.KindNotFound: "404 not_found ", engine.KindReauthorize: "424 invalid_grant ", engine.KindDenied: "403 denied ",
		engine.KindState: "400 invalid_state ", engine.KindClient: "500 misconfigured ", engine.KindRateLimited: "429 rate_limited 7",
		engine.KindUnavailable: "503 unavailable 7", engine.KindInvalidResponse: "502 invalid_response ",
		engine.KindUnsupported: "400 unsupported ", engine.KindInvalidInput: "400 invalid_input ", "of tomorrow": "500 internal ",
	} {
		rec, seen, _ := serve(t, get(), func(w *answer.Writer) {
			w.Error(fmt.Errorf("wrapped: %w", &engine.Error{Kind: kind, RetryAfter: 6500 * time.Millisecond}))
		})
		if got := fmt.Sprintf("%d %s %s", rec.Code, rec.Header().Get(answer.ErrorHeader), rec.Header().Get("Retry-After")); got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
		if seen.Code != rec.Header().Get(answer.ErrorHeader) || seen.Status != rec.Code {
			t.Errorf("%s: logged as %+v", kind, seen)
		}
	}
}

// An error that is not the engine's may quote anything, so nothing of it is shown.
func TestErrorsOfOthersAreNotShown(t *testing.T) {
	rec, _, log := serve(t, get(), func(w *answer.Writer) { w.Error(errors.New("s3cret")) })
	if rec.Code != 500 || strings.Contains(rec.Body.String()+log, "s3cret") {
		t.Errorf("%d %s\n%s", rec.Code, rec.Body, log)
	}
	rec, _, _ = serve(t, get(), func(w *answer.Writer) { w.Error(context.DeadlineExceeded) })
	if rec.Code != 504 || rec.Header().Get("Retry-After") != "2" {
		t.Errorf("too slow: %d, Retry-After %q", rec.Code, rec.Header().Get("Retry-After"))
	}
}

// A caller who has left is logged as that, whatever the engine says of it.
func TestACallerWhoHasLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, seen, _ := serve(t, get().WithContext(ctx), func(w *answer.Writer) { w.Error(context.Canceled) })
	if seen.Status != answer.StatusGone || seen.Code != "gone" {
		t.Errorf("logged as %+v", seen)
	}
}

// A panic is answered and logged, without what it says.
func TestPanics(t *testing.T) {
	rec, seen, log := serve(t, get(), func(w *answer.Writer) { w.Route = "/x"; panic("s3cret") })
	if rec.Code != 500 || seen.Code != "internal" || strings.Contains(rec.Body.String()+log, "s3cret") || !strings.Contains(log, "msg=panic route=/x") {
		t.Errorf("%d, %+v\n%s", rec.Code, seen, log)
	}
	_, seen, _ = serve(t, get(), func(w *answer.Writer) { w.JSON(200, "half"); panic("s3cret") })
	if seen.Status != 200 || seen.Code != "panic" {
		t.Errorf("after the answer began: %+v", seen)
	}
}

// A body of which something is still to come must not be read as the next request.
func TestUnreadBodiesEndTheConnection(t *testing.T) {
	for _, unread := range []bool{true, false} {
		rec, _, _ := serve(t, get(), func(w *answer.Writer) {
			w.Unread = func() bool { return unread }
			w.JSON(200, nil)
		})
		if got := rec.Header().Get("Connection") == "close"; got != unread {
			t.Errorf("unread %v: closed %v", unread, got)
		}
	}
}

func TestMethods(t *testing.T) {
	looked, acted := 0, 0
	m := answer.Methods{
		http.MethodGet:  func(*answer.Writer) { looked++ },
		http.MethodPost: answer.WithoutHead(func(*answer.Writer) { acted++ }),
	}
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 200, "PUT": 405} {
		rec, _, _ := serve(t, httptest.NewRequest(method, "/", nil), m.Serve)
		if rec.Code != want {
			t.Errorf("%s: %d", method, rec.Code)
		}
		if want == 405 && rec.Header().Get("Allow") != "GET, POST" {
			t.Errorf("Allow: %q", rec.Header().Get("Allow"))
		}
	}
	if looked != 2 || acted != 1 {
		t.Errorf("looked %d times, acted %d times", looked, acted)
	}
	if rec, _, _ := serve(t, httptest.NewRequest("HEAD", "/", nil), answer.WithoutHead(func(*answer.Writer) { t.Error("HEAD acts") })); rec.Code != 405 {
		t.Errorf("HEAD of what acts: %d", rec.Code)
	}
}

// A method that somebody made up is not a label of metrics.
func TestMadeUpMethodsAreOthers(t *testing.T) {
	for method, want := range map[string]string{"GET": "GET", "S3CRET": "other"} {
		_, seen, log := serve(t, httptest.NewRequest(method, "/", nil), func(w *answer.Writer) { w.JSON(200, nil) })
		if seen.Method != want || !strings.Contains(log, "method="+want) {
			t.Errorf("%s: %+v, %s", method, seen, log)
		}
	}
}
