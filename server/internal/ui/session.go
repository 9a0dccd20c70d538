package ui

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/server/internal/input"
	"github.com/nango-lite/nango-lite/server/internal/page"
	"github.com/nango-lite/nango-lite/store/record"
)

const (
	sessionKind = "ui_session"
	sessionLife = 2 * time.Hour
	formLife    = 20 * time.Minute // of the login page
)

// A session is what is kept of somebody who has signed in: under a hash of the cookie, a
// hash of the key. When the key is revoked, its sessions end with it.
type session struct {
	KeyHash string `json:"key_sha256"`
}

// formToken is what forms carry that are shown to the holder of a cookie. Nobody who has not
// the cookie can compute it.
func formToken(cookie string) string { return ident.Hash("form of " + cookie) }

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

var loginPage = body(`{{with .Wrong}}<div class="wrong" role="alert" id="wrong"><p>{{.}}</p></div>{{end}}
<p>These pages are for those who run this server. An API key with the scope <code>ui</code> opens them for two hours:
<code>nango-lite apikeys create me --scopes ui,connect</code> makes one.</p>
<form method="post" action="{{.Root}}/login">
<input type="hidden" name="form" value="{{.Form}}">
<div class="field"><label for="key">API key</label>
<input type="password" id="key" name="key" autocomplete="current-password" autocapitalize="none" spellcheck="false" required{{if .Wrong}} aria-describedby="wrong" aria-invalid="true"{{end}}></div>
<p><button type="submit">Sign in</button></p>
</form>`)

func (u *UI) showLogin(w *answer.Writer) { u.askKey(w, http.StatusOK, "") }

func (u *UI) askKey(w *answer.Writer, status int, wrong string) {
	f := u.frame(status, "Sign in", "", nil)
	cookie := rand.Text()
	u.cookie("login").set(w, cookie, formLife)
	f.Form = formToken(cookie)
	page.Write(w, loginPage, f.Sheet, struct {
		frame
		Wrong string
	}{f, wrong})
}

// login takes a key, once, and gives a session for it.
func (u *UI) login(w *answer.Writer) {
	sent, ok := u.form(w, nil)
	if !ok {
		return
	}
	cookie := u.cookie("login").of(w.Request)
	if cookie == "" || !same(sent.Get("form"), formToken(cookie)) {
		w.Code = "forbidden"
		u.askKey(w, http.StatusForbidden, "The page was open for too long, or the browser keeps no cookies. Try again.")
		return
	}
	if u.Logins.Wait(addressOf(w.Request)) > 0 {
		w.Code = "too_many_request"
		u.askKey(w, http.StatusTooManyRequests, "Too many attempts at once. Try again in a moment.")
		return
	}
	shown := sent.Get("key")
	key, err := u.Keys.Find(w.Request.Context(), shown)
	switch {
	case err != nil:
		w.Code = "unavailable"
		u.askKey(w, http.StatusServiceUnavailable, "The API keys cannot be read just now. Try again in a moment.")
		return
	case key == nil:
		w.Code = "unknown_api_key"
		u.askKey(w, http.StatusForbidden, "There is no such API key, or it was revoked.")
		return
	}
	w.APIKey = key.Name
	if !key.May(apikey.ScopeUI) {
		w.Code = "forbidden"
		u.askKey(w, http.StatusForbidden, "This API key has not the scope ui.")
		return
	}
	token := rand.Text()
	sealed, err := json.Marshal(session{apikey.Hash(shown)})
	if err == nil {
		err = u.Records.CreateRecord(w.Request.Context(), &record.Record{
			Kind: sessionKind, ID: ident.Hash(token), Sealed: sealed, ExpiresAt: u.Now().Add(sessionLife),
		})
	}
	if err != nil {
		w.Code = "unavailable"
		u.askKey(w, http.StatusServiceUnavailable, "The store is away just now. Try again in a moment.")
		return
	}
	u.cookie("login").set(w, "", 0)
	u.cookie("ui").set(w, token, sessionLife)
	u.to(w, Route)
}

func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// form reads a form that a page of ours has sent; if it is none, it answers.
func (u *UI) form(w *answer.Writer, v *visit) (url.Values, bool) {
	if input.FromElsewhere(w.Request) {
		u.fail(w, v, http.StatusForbidden, "forbidden", "Nothing was done", "The form was sent from a page of another server.")
		return nil, false
	}
	if !input.IsForm(w) {
		u.fail(w, v, http.StatusBadRequest, "invalid_body", "Nothing was done", "What was sent is no form.")
		return nil, false
	}
	sent, err := input.BrowserForm(w)
	if err != nil {
		u.fail(w, v, http.StatusBadRequest, "invalid_body", "Nothing was done", "The form cannot be read, or is too large.")
		return nil, false
	}
	return sent, true
}

// seen is a handler for whoever is signed in.
func (u *UI) seen(show func(*visit) *view) answer.Handler {
	return func(w *answer.Writer) {
		if v := u.admit(w); v != nil {
			v.sent = form.Parse(w.Request.URL.RawQuery)
			shown := show(v)
			shown.stamp()
			u.write(w, shown)
		}
	}
}

// done is a handler of a form that a page of ours has sent, to whoever is signed in.
func (u *UI) done(do func(*visit) *view) answer.Handler {
	return func(w *answer.Writer) {
		v := u.admit(w)
		if v == nil {
			return
		}
		var ok bool
		if v.sent, ok = u.form(w, v); !ok {
			return
		}
		if !same(v.sent.Get("form"), v.form) {
			u.fail(w, v, http.StatusForbidden, "forbidden", "Nothing was done", "The form does not belong to this session. Open the page again.")
			return
		}
		u.write(w, do(v))
	}
}

// errNobody: nobody is signed in, or not any more.
var errNobody = errors.New("nobody is signed in")

// visit returns the visit of whoever is signed in, or errNobody; any other error is the
// store's.
func (u *UI) visit(w *answer.Writer) (*visit, error) {
	cookie := u.cookie("ui").of(w.Request)
	if cookie == "" {
		return nil, errNobody
	}
	v := &visit{Writer: w, id: ident.Hash(cookie), form: formToken(cookie)}
	r, err := u.Records.Record(w.Request.Context(), sessionKind, v.id)
	var kept session
	if err == nil && u.Now().After(r.ExpiresAt) {
		err = record.ErrNone
	}
	if err == nil && json.Unmarshal(r.Sealed, &kept) != nil {
		err = record.ErrUnreadable
	}
	if err == nil {
		v.key, err = u.Keys.ByHash(w.Request.Context(), kept.KeyHash)
	}
	switch {
	case errors.Is(err, record.ErrNone), errors.Is(err, record.ErrUnreadable), err == nil && v.key == nil, err == nil && !v.key.May(apikey.ScopeUI):
		return nil, errNobody
	case err != nil:
		return nil, err
	}
	w.APIKey = v.key.Name
	return v, nil
}

// admit returns the visit of somebody who is signed in. Others are sent to the login page.
func (u *UI) admit(w *answer.Writer) *visit {
	v, err := u.visit(w)
	switch {
	case err == errNobody:
		if u.cookie("ui").of(w.Request) != "" {
			u.cookie("ui").set(w, "", 0)
		}
		u.to(w, loginRoute)
		return nil
	case err != nil:
		u.fail(w, nil, http.StatusServiceUnavailable, "unavailable", "Not just now", "The store is away. Try again in a moment.")
		return nil
	}
	if u.Limit.Wait(v.key.Name) > 0 {
		u.fail(w, nil, http.StatusTooManyRequests, "too_many_request", "Not just now", "The API key has made more requests a second than server.limits allows.")
		return nil
	}
	return v
}

// logout ends the session, whatever else happens.
func (u *UI) logout(v *visit) *view {
	u.cookie("ui").set(v.Writer, "", 0)
	if err := u.Records.DeleteRecord(v.Request.Context(), sessionKind, v.id); err != nil && !errors.Is(err, record.ErrNone) {
		return u.problem(nil, http.StatusServiceUnavailable, "unavailable", "Not just now", "The store is away, so the session could not be ended there. It ends by itself within two hours.")
	}
	u.to(v.Writer, loginRoute)
	return nil
}
