package fault_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/store/record"
)

// The same error of the engine is another thing at the provider's page than of what a user
// typed; errors that are not the engine's are shown nowhere.
func TestErrorsOfTheEngine(t *testing.T) {
	for kind, want := range map[engine.Kind]string{
		engine.KindNotFound:        "404 unknown_config_key, 404 unknown_config_key",
		engine.KindReauthorize:     "400 token_err, 400 connection_validation_failed",
		engine.KindDenied:          "200 callback_err, 403 denied",
		engine.KindState:           "400 state_err, 500 unknown_err",
		engine.KindClient:          "500 provider_config_err, 400 invalid_credentials",
		engine.KindRateLimited:     "429 token_err, 429 rate_limited",
		engine.KindUnavailable:     "503 token_err, 503 unavailable",
		engine.KindInvalidResponse: "502 token_err, 502 invalid_response",
		engine.KindUnsupported:     "400 auth_mode_err, 400 auth_mode_err",
	} {
		err := fmt.Errorf("wrapped: %w", &engine.Error{Kind: kind})
		c, u := fault.OfConsent(err), fault.OfTyped(err)
		if got := fmt.Sprintf("%d %s, %d %s", c.Status, c.Code, u.Status, u.Code); got != want {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
	if e := fault.OfConsent(errors.New("s3cret")); e.Status != 500 || strings.Contains(e.Message, "s3cret") {
		t.Errorf("of others: %+v", e)
	}
	mine := fault.Param("wrong")
	if e := fault.OfTyped(fmt.Errorf("wrapped: %w", mine)); e != mine {
		t.Errorf("an error of this package becomes %+v", e)
	}
}

// A user is told whose it is to mend, in words without addresses and kinds; what those who run
// the application want to know of it stands apart.
func TestWordsForUsers(t *testing.T) {
	of := func(kind engine.Kind) error {
		return &engine.Error{Kind: kind, Detail: "POST 10.0.0.7:443: connection refused"}
	}
	for _, c := range []struct {
		err              *fault.Error
		want             string
		details, noAgain bool
	}{
		{fault.OfConsent(of(engine.KindUnavailable)), "Tides does not answer as it should just now.", true, false},
		{fault.OfConsent(of(engine.KindRateLimited)), "Tides does not answer as it should just now.", true, false},
		{fault.OfConsent(of(engine.KindReauthorize)), "Tides did not go on with what you have allowed.", true, false},
		{fault.OfConsent(of(engine.KindClient)), "This could not be connected.", true, false},
		{fault.OfConsent(of(engine.KindState)), "was used before", true, false},
		{fault.OfConsent(of(engine.KindDenied)), "you said no", false, false},
		{fault.OfTyped(of(engine.KindReauthorize)), "Tides does not accept what you have typed.", false, false},
		{fault.OfTyped(of(engine.KindUnavailable)), "Tides does not answer as it should just now.", false, false},
		{fault.StoreAway(), "This cannot be connected just now.", false, false},
		{fault.Unreadable(), "begin again", false, false},
		{fault.New(401, "unknown_connect_session_token", "x"), "This link has ended", false, true},
		{fault.New(409, "connect_session_used", "x"), "nothing left to do", false, true},
	} {
		said := c.err.ForUsers("Tides")
		if !strings.Contains(said, c.want) || strings.Contains(said, "10.0.0.7") || (c.err.ForOperators("Tides") != "") != c.details || c.err.Again() == c.noAgain {
			t.Errorf("%+v: %q, for operators %q, again %v", c.err, said, c.err.ForOperators("Tides"), c.err.Again())
		}
	}
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		err          *fault.Error
		header, want string
	}{
		{fault.StoreAway(), "Retry-After", "2"},
		{fault.OfTyped(&engine.Error{Kind: engine.KindRateLimited, RetryAfter: 9 * time.Second}), "Retry-After", "9"},
		{fault.New(401, "missing_connect_session_token", "missing"), "WWW-Authenticate", `Bearer realm="nango-lite"`},
		{fault.Param("wrong"), "Retry-After", ""},
	} {
		rec := httptest.NewRecorder()
		c.err.Answer((&answer.Options{Now: time.Now}).Begin(rec, httptest.NewRequest("GET", "/", nil)))
		if got := rec.Header().Get(c.header); got != c.want || rec.Code != c.err.Status || rec.Header().Get(answer.ErrorHeader) != c.err.Code {
			t.Errorf("%+v: %d, %s %q", c.err, rec.Code, c.header, got)
		}
	}
}

// S55: what somebody without the key has changed is refused, and is no store that is away,
// which would be asked again.
func TestS55_OfStore(t *testing.T) {
	r := &record.Record{Kind: "flow", ID: "a"}
	r.Refuse(errors.New("sealed data does not open"))
	for err, want := range map[error]string{r.Unreadable: "500 unreadable_record", errors.New("no answer"): "503 unavailable"} {
		if e := fault.OfStore(err); fmt.Sprintf("%d %s", e.Status, e.Code) != want || strings.Contains(e.Message, "flow/a") {
			t.Errorf("%v: got %+v, want %s", err, e, want)
		}
	}
}
