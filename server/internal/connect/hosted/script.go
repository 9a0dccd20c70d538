package hosted

import (
	_ "embed"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// ScriptRoute is where products load [Script] from.
const ScriptRoute = "/connect.js"

// Script is what a product's page loads to show the connect page in a frame or a popup,
// in one line:
//
//	NangoLite.connect({sessionToken, container: document.querySelector('#here'), onEvent})
//
//go:embed connect.js
var script []byte

// Script answers with the script. Whoever knows the server's address may load it: it holds
// nothing.
func Script(w *answer.Writer) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(script)
}
