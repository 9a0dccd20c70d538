package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/record"
)

// flowKind is the kind of records of authorizations that are under way.
const flowKind = "connect_flow"

// A flow is an authorization that a browser has been sent to. It lies sealed in the
// store, under the hash of its state, until it is taken, once, by whichever server the
// callback comes to.
type flow struct {
	Pending string      `json:"pending,omitempty"` // an engine.Pending
	Device  string      `json:"device,omitempty"`  // an engine.DeviceAuth
	Key     engine.Key  `json:"key"`
	Browser string      `json:"browser"`           // hash of the cookie of the browser that began
	Session string      `json:"session,omitempty"` // id of the connect session
	To      destination `json:"to"`
}

// asStored is a sealer that leaves sealing to the store, which binds the whole record.
type asStored struct{}

func (asStored) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (asStored) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

// beginConnect is GET /oauth/connect/{integration}: it sends a browser to the
// provider's page.
func (s *Server) beginConnect(x *exchange) {
	a, err := s.askOf(x.r.Context(), x.r, x.r.PathValue("integration"))
	if err == nil {
		err = s.begin(x, a)
	}
	if err != nil {
		s.tell(x, a.to, result{key: a.key, err: err})
	}
}

// begin answers the request, or says why it cannot.
func (s *Server) begin(x *exchange, a *ask) *connectError {
	described, err := s.engine.Describe(a.key.Integration)
	if err != nil {
		return connectErrorOf(err, consentFailures)
	}
	switch {
	case !described.Consent:
		return connectErrorf(http.StatusBadRequest, "auth_mode_err", "this integration has no page to consent at; it wants "+string(described.AuthMode))
	case s.public == nil:
		return connectErrorf(http.StatusInternalServerError, "provider_config_err", "the server does not know its own address: --public-url, or server.public_url, is missing")
	}
	if wrong := a.check(described); wrong != nil {
		return wrong
	}
	if described.DeviceOnly {
		return s.beginDevice(x, a)
	}
	redirect, err := s.redirectURI(a)
	if err != nil {
		return connectErrorOf(err, consentFailures)
	}
	p, err := s.engine.AuthCodeURL(x.r.Context(), a.key, redirect, a.authorize())
	if err != nil {
		return connectErrorOf(err, consentFailures)
	}
	to, err := url.Parse(p.URL.Reveal())
	if err != nil || to.Scheme != "https" && to.Scheme != "http" {
		return connectErrorf(http.StatusInternalServerError, "provider_config_err", "the authorization endpoint is no web address")
	}
	f := a.flow()
	if f.Pending, err = p.Seal(asStored{}); err != nil {
		return connectErrorOf(err, consentFailures)
	}
	if refused := s.storeFlow(x, flowKind, recordID(p.State.Reveal()), f, p.ExpiresAt, postsForm(to)); refused != nil {
		return refused
	}
	if s.opts.BrowserURL != nil {
		to = s.opts.BrowserURL(a.key.Integration, to)
	}
	x.conn = a.key
	noStore(x.Header())
	x.Header().Set("Location", to.String())
	x.WriteHeader(http.StatusFound)
	return nil
}

// flow is what is kept of an ask.
func (a *ask) flow() *flow {
	f := &flow{Key: a.key, To: a.to}
	if a.session != nil {
		f.Session = a.session.record.ID
	}
	return f
}

// redirectURI is the callback of a flow: one for each integration, and one for each
// server that users name, so that no server can lead a user to another's (RFC 9700 4.4).
func (s *Server) redirectURI(a *ask) (string, error) {
	name := a.key.Integration
	issuer, err := s.engine.Issuer(name, a.fields)
	if err != nil {
		return "", err
	}
	at := s.public.String() + "/oauth/callback"
	if slices.Contains(s.settings().SharedCallback, name) {
		if !issuer.Configured {
			return "", connectErrorf(http.StatusInternalServerError, "provider_config_err", "server.shared_callback names an integration whose authorization server is found out, or named by users; it needs a callback of its own")
		}
		return at, nil
	}
	at += "/" + url.PathEscape(name)
	if issuer.ID != "" {
		at += "/" + issuer.ID
	}
	return at, nil
}

// postsForm reports whether the answer comes as a form (OAuth 2.0 Form Post Response
// Mode): then the cookie has to come along with a request of another site's.
func postsForm(authorize *url.URL) bool { return authorize.Query().Get("response_mode") == "form_post" }

// recordID is the name of what is kept under a random text.
func recordID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// storeFlow keeps f, and binds it to the browser by a cookie.
func (s *Server) storeFlow(x *exchange, kind, id string, f *flow, expires time.Time, crossSite bool) *connectError {
	secret := rand.Text()
	f.Browser = hashText(secret)
	sealed, err := json.Marshal(f)
	if err == nil {
		err = s.opts.Records.CreateRecord(x.r.Context(), &record.Record{Kind: kind, ID: id, Sealed: sealed, ExpiresAt: expires})
	}
	if err != nil {
		return connectErrorf(http.StatusServiceUnavailable, "unavailable", "the store does not answer")
	}
	s.setCookie(x, id, secret, crossSite)
	return nil
}

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// cookieLife is longer than a flow lives.
const cookieLife = 20 * time.Minute

// cookieName names a flow's cookie. The prefix keeps other hosts of the same domain
// from setting one (RFC 6265bis 4.1.3.2); it needs https.
func (s *Server) cookieName(id string) string {
	if s.public != nil && s.public.Scheme == "https" {
		return "__Host-nango_lite_" + id
	}
	return "nango_lite_" + id
}

// setCookie sets the cookie of a flow; an empty secret removes it. A form that the
// provider's page posts to us carries only cookies that are for cross-site use.
func (s *Server) setCookie(x *exchange, id, secret string, crossSite bool) {
	c := &http.Cookie{
		Name: s.cookieName(id), Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: s.public != nil && s.public.Scheme == "https", MaxAge: int(cookieLife / time.Second),
	}
	if crossSite {
		c.SameSite, c.Secure = http.SameSiteNoneMode, true
	}
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(x.ResponseWriter, c)
}

// sameBrowser reports whether the browser of a request is the one that a flow began in.
func (s *Server) sameBrowser(r *http.Request, id string, f *flow) bool {
	c, err := r.Cookie(s.cookieName(id))
	return err == nil && f.Browser != "" && subtle.ConstantTimeCompare([]byte(hashText(c.Value)), []byte(f.Browser)) == 1
}

// flowsOf returns the ids of the flows whose cookies a browser sends.
func (s *Server) flowsOf(r *http.Request) []string {
	var ids []string
	for _, c := range r.Cookies() {
		if id, ok := strings.CutPrefix(c.Name, s.cookieName("")); ok && len(id) == 32 {
			ids = append(ids, id)
		}
	}
	return ids
}

// takeFlow takes what is kept of a flow: of all who ask, one gets it.
func (s *Server) takeFlow(ctx context.Context, kind, id string) (*flow, *connectError) {
	r, err := s.opts.Records.TakeRecord(ctx, kind, id)
	return s.flowIn(r, err)
}

func (s *Server) flowIn(r *record.Record, err error) (*flow, *connectError) {
	f := &flow{}
	if err == nil {
		err = json.Unmarshal(r.Sealed, f)
	}
	switch {
	case errors.Is(err, record.ErrNone):
		return nil, connectErrorf(http.StatusBadRequest, "state_err", "this authorization is not known: it has ended, was used before, or came too late")
	case err != nil:
		return nil, connectErrorf(http.StatusServiceUnavailable, "unavailable", "the store does not answer")
	}
	return f, nil
}
