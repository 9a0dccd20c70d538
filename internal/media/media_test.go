package media_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/internal/media"
)

func TestWhatIsJSON(t *testing.T) {
	for contentType, want := range map[string]string{
		"application/json": "json", "Application/JSON; charset=utf-8": "json", "text/json": "json", "application/json-rpc": "json", "application/x-json": "json",
		"application/problem+json": "json", "application/vnd.github+json": "json",
		"application/x-ndjson": "stream", "application/stream+json": "stream", "application/json-seq": "stream", "application/geo+json-seq": "stream", "text/event-stream": "stream",
		"application/atom+xml": "xml", "text/xml; charset=x": "xml", "application/xhtml+xml": "", "text/html": "", "": "", "nonsense;;": "", "application/octet-stream": "",
	} {
		kind, got := media.Of(contentType), ""
		for name, is := range map[string]bool{"json": media.IsJSON(kind), "stream": media.IsStream(kind), "xml": media.IsXML(kind)} {
			if is {
				got += name
			}
		}
		if got != want {
			t.Errorf("%q is %q, want %q", contentType, got, want)
		}
	}
}
