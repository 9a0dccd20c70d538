package fault

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
)

// WithText returns an error of that text in place of cause's. It is still what cause is
// to errors.Is and errors.As, and unwraps to nothing: whoever reports errors walks the
// chain and writes down the text of each.
func WithText(text string, cause error) error { return &maskedError{text, cause} }

type maskedError struct {
	text  string
	cause error
}

func (m *maskedError) Error() string { return m.text }

// GoString is Error: a cause may be its own text.
func (m *maskedError) GoString() string { return m.text }

// Is reports whether the cause is target.
func (m *maskedError) Is(target error) bool { return errors.Is(m.cause, target) }

// As gives the cause to those who name its type.
func (m *maskedError) As(target any) bool { return errors.As(m.cause, target) }

// repeated is what net/http and others repeat of an answer or a URL: what they
// quote, the path of a URL, and a query.
var repeated = lazyregexp.New(`"(?:[^"\\]|\\.)*"?|(\bhttps?://[^\s/?#"]+/)\S+|\?\S+`)

// WithoutQuotes takes out of a text what it repeats of an answer or a URL.
func WithoutQuotes(text string) string { return repeated().ReplaceAllString(text, "${1}…") }

// WithoutURL takes the URL out of net/http's errors: its query may hold a
// credential.
func WithoutURL(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	host := "?"
	if parsed, perr := url.Parse(u.URL); perr == nil {
		host = parsed.Host
	}
	return fmt.Errorf("%s %s: %w", strings.ToUpper(u.Op), host, WithoutURL(u.Err))
}

// ReadableCode returns a provider's error code if it looks like one, and
// "(unreadable)" otherwise: a code is shown, so it must not be a place to smuggle
// other text through.
func ReadableCode(code string) string {
	if code == "" || len(code) <= 80 && strings.IndexFunc(code, notCode) < 0 {
		return code
	}
	return "(unreadable)"
}

func notCode(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.:/", r))
}
