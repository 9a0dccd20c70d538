// Package input reads what a request says: its JSON body, its form, its query and its
// bearer token. It is strict: what it does not know is an error, and not left out. It quotes
// nothing of what was sent. Start with [JSON] and [Query].
package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// bodyTimeout is how long a body that is read whole may take to arrive.
const bodyTimeout = 10 * time.Second

// within calls read, which reads a request's body and must do so in time. If it fails, the time
// limit stays, or net/http would wait for the rest of the body without one.
func within(w *answer.Writer, read func() error) error {
	control := http.NewResponseController(w.ResponseWriter)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	err := read()
	if err == nil {
		_ = control.SetReadDeadline(time.Time{})
	}
	return err
}

// mediaType returns the media type of a request's body, without parameters.
func mediaType(w *answer.Writer) string {
	text := w.Request.Header.Get("Content-Type")
	if text == "application/json" || text == "application/x-www-form-urlencoded" { // what nearly all say
		return text
	}
	media, _, err := mime.ParseMediaType(text)
	if err != nil {
		return ""
	}
	return media
}

// JSON reads the JSON object of a request into v. A member that is unknown is an error. If
// the body is not of the shape of v, or is not sent as application/json, JSON answers the
// request and returns false. (Browsers ask before a page of another origin may send
// application/json, so no such page can make these requests unasked.)
func JSON(w *answer.Writer, v any) bool {
	if mediaType(w) != "application/json" {
		w.Fail(http.StatusBadRequest, "invalid_body", "the body must be application/json")
		return false
	}
	err := within(w, func() error {
		return decodeOne(http.MaxBytesReader(w.ResponseWriter, w.Request.Body, w.MaxBodyBytes), v)
	})
	if err == nil {
		return true
	}
	if errors.As(err, new(*http.MaxBytesError)) {
		w.Fail(http.StatusRequestEntityTooLarge, "invalid_body", "the body is larger than server.limits.max_body_bytes")
		return false
	}
	w.Fail(http.StatusBadRequest, "invalid_body", whyNoJSON(err))
	return false
}

// decodeOne reads one JSON value, behind which nothing may follow.
func decodeOne(r io.Reader, v any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, more := d.Token(); more != io.EOF {
		return errors.New("there is more than one value")
	}
	return nil
}

// whyNoJSON says what is wrong with a body, for an error of decoding it.
func whyNoJSON(err error) string {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return "the body is missing; it is a JSON object"
	case errors.As(err, &wrong):
		where := "the body"
		if wrong.Field != "" {
			where = wrong.Field
		}
		return where + " is of another type than it must be"
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return "the body has a member that is unknown here"
	}
	return "the body is no JSON object"
}

// Part reads one JSON object that is a part of a body. The error quotes nothing.
func Part(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil { // its error may quote the text
		return errors.New("it is no JSON object, or has a member that is unknown or of the wrong type")
	}
	return nil
}
