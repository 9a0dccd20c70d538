package fault

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// WithText returns an error of that text over cause and what cause wraps.
func WithText(text string, cause error) error { return &maskedError{text, cause} }

// A maskedError has a text of its own over its cause's chain.
type maskedError struct {
	text  string
	cause error
}

func (m *maskedError) Error() string { return m.text }

// Unwrap returns the cause.
func (m *maskedError) Unwrap() error { return m.cause }

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

// WithoutSecrets takes secrets out of a text, however they are encoded.
func WithoutSecrets(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) < 4 {
			continue // would be found in any text
		}
		for _, spelled := range []string{
			s, url.QueryEscape(s), url.PathEscape(s),
			strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(s)), "="), base64.RawURLEncoding.EncodeToString([]byte(s)),
		} {
			text = strings.ReplaceAll(text, spelled, schema.Redacted)
		}
	}
	return text
}
