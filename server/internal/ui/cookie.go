package ui

import (
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// A cookie is one of ours. Over https no other host of the domain can set it (RFC 6265bis
// 4.1.3.2), and no page of another site has it sent.
type cookie struct {
	name   string
	secure bool
}

func (u *UI) cookie(what string) cookie {
	if u.Site.Secure() {
		return cookie{"__Host-nango_lite_" + what, true}
	}
	return cookie{"nango_lite_" + what, false}
}

// set sets the cookie; an empty value removes it.
func (c cookie) set(w *answer.Writer, value string, life time.Duration) {
	age := int(life / time.Second)
	if value == "" {
		age = -1
	}
	http.SetCookie(w.ResponseWriter, &http.Cookie{
		Name: c.name, Value: value, Path: "/", HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteStrictMode, MaxAge: age,
	})
}

// of returns what a request has, or "".
func (c cookie) of(r *http.Request) string {
	sent, err := r.Cookie(c.name)
	if err != nil {
		return ""
	}
	return sent.Value
}
