package media_test

import (
	"mime"
	"testing"

	"github.com/nango-lite/nango-lite/internal/media"
)

// FuzzOf: the short way says what the package mime says.
func FuzzOf(f *testing.F) {
	for _, seed := range []string{
		"", "application/json", "application/json; charset=utf-8", "application/json; CHARSET=UTF-8", "application/json;charset=utf-8", "Text/HTML", "text/",
		"/plain", "text", "a/b/c", " text/plain ", "text/plain;", "text/plain; charset", "application/vnd.api+json", "text/event-stream; charset=utf-8", "a b/c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, _, err := mime.ParseMediaType(text)
		if err != nil {
			want = ""
		}
		if got := media.Of(text); got != want {
			t.Errorf("%q: got %q, mime says %q", text, got, want)
		}
	})
}
