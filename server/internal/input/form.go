package input

import (
	"io"
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// IsForm reports whether a request says that its body is a form.
func IsForm(w *answer.Writer) bool { return mediaType(w) == "application/x-www-form-urlencoded" }

// BrowserForm reads the form that a browser posts, as leniently as browsers write.
func BrowserForm(w *answer.Writer) (url.Values, error) {
	var text []byte
	err := within(w, func() (err error) {
		text, err = io.ReadAll(http.MaxBytesReader(w.ResponseWriter, w.Request.Body, w.MaxBodyBytes))
		return err
	})
	if err != nil {
		return nil, err
	}
	return form.Parse(string(text)), nil
}

// StrictForm reads a form as RFC 6749 wants its parameters; the error of a body that is
// too large is an [http.MaxBytesError].
func StrictForm(w *answer.Writer) (url.Values, error) {
	err := within(w, func() error {
		w.Request.Body = http.MaxBytesReader(w.ResponseWriter, w.Request.Body, w.MaxBodyBytes)
		return w.Request.ParseForm()
	})
	return w.Request.PostForm, err
}
