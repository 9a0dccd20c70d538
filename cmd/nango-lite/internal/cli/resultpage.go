package cli

import (
	"errors"
	"net/http"
	"sync"
	"text/template"

	"github.com/nango-lite/nango-lite/engine"
)

var resultPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("result").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} – nango-lite</title>
<style>
:root { color-scheme: light dark; }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
</main>
</body>
</html>
`))
})

// writeResult writes a page that loads nothing and tells nobody where it was: the
// address bar holds a code.
func writeResult(w http.ResponseWriter, status int, title, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_ = resultPage().Execute(w, struct{ Title, Text string }{title, text})
}

// writeOutcome says how it went, and no more: what went wrong in detail is for the
// terminal.
func writeOutcome(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		writeResult(w, http.StatusOK, "Connected", "You can close this page and go back to the terminal.")
	case errors.Is(err, engine.ErrDenied):
		writeResult(w, http.StatusOK, "Not connected", "You said no, and nothing was stored. You can close this page.")
	default:
		writeResult(w, http.StatusBadGateway, "Not connected", "Something went wrong. The terminal says what.")
	}
}
