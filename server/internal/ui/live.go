package ui

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

//go:embed live.js
var script []byte

var scriptTag = `"` + digest(script) + `"`

// serveScript answers with the script, which is the same for everybody.
func serveScript(w *answer.Writer) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache") // asked for each time, and sent when it is another
	h.Set("ETag", scriptTag)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	http.ServeContent(w, w.Request, "", time.Time{}, bytes.NewReader(script))
}

// A live page is kept as it is by now, by the script.
type live struct {
	Script string
	Stream string // where its events are
	Page   string // where it is
	Seen   string // the digest of what it shows; empty: it shows more than its stream does
}

// keep has the script keep a page. The stream is its name below /ui/live/, and its query.
func (u *UI) keep(f *frame, stream, at string) {
	f.Scripts, f.Files = true, true
	f.Live = &live{Script: u.Site.Path(scriptRoute), Stream: u.Site.Path("/ui/live/" + stream), Page: at}
}

// kept are the pages that have a stream, by name.
func (u *UI) kept(name string) func(*visit) *view {
	switch name {
	case "connections":
		return u.list
	case "connection":
		return u.showConnection
	case "integrations":
		return u.integrations
	case "integration":
		return u.integration
	case "activity":
		return u.activity
	case "audit":
		return u.audit
	}
	return nil
}

// main is what a page has below its title.
func (shown *view) main() []byte {
	text, err := page.Main(shown.template, shown.data)
	if err != nil {
		return nil // which writing it says as well
	}
	return text
}

// stamp notes what a page shows, so that its stream says nothing until it would be another.
func (shown *view) stamp() {
	if shown.frame.Live != nil {
		shown.frame.Live.Seen = digest(shown.main())
	}
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
