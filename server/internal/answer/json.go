package answer

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// ErrorHeader is on every error that is the server's own, and not a provider's; it holds
// the error's code.
const ErrorHeader = "X-Nango-Lite-Error"

// StatusGone is what is logged of a caller who left before the answer.
const StatusGone = 499

// defaultRetryAfter is when to try again where nobody says a time.
const defaultRetryAfter = 2 * time.Second

// An errorBody is the body of an answer that is an error, as Nango's clients read it.
type errorBody struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// JSON answers with v.
func (w *Writer) JSON(status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a mistake of ours
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"the answer cannot be written"}}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// Fail answers with an error. The message is shown to strangers.
func (w *Writer) Fail(status int, code, message string) {
	var body errorBody
	body.Error.Code, body.Error.Message = code, message
	w.Header().Set(ErrorHeader, code)
	w.Code = code
	w.JSON(status, body)
}

// Unauthorized answers 401: no valid API key or session token was shown.
func (w *Writer) Unauthorized(code, message string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="nango-lite"`)
	w.Fail(http.StatusUnauthorized, code, message)
}

// FailForNow answers with an error that passes: the same request may succeed after the
// wait. 0 means two seconds.
func (w *Writer) FailForNow(status int, code, message string, wait time.Duration) {
	w.Header().Set("Retry-After", RetryAfter(wait))
	w.Fail(status, code, message)
}

// StoreAway answers that the store cannot be reached just now.
func (w *Writer) StoreAway() {
	w.FailForNow(http.StatusServiceUnavailable, "unavailable", "the store does not answer", 0)
}

// RetryAfter writes a wait as the header Retry-After does: in whole seconds, and at least
// one. 0 means two seconds.
func RetryAfter(wait time.Duration) string {
	if wait <= 0 {
		wait = defaultRetryAfter
	}
	return strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
}
