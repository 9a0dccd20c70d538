package bench

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A wire lies between the engine and the sandbox. It looks at what goes by, and
// answers in the sandbox's place where a check wants a certain answer.
type wire struct {
	played  *schema.Integration
	next    http.RoundTripper
	ends    []*regexp.Regexp // the token endpoints, with a slash more or less
	exact   []*regexp.Regexp // the token endpoints as they are declared
	aside   []*regexp.Regexp // neither token answers nor the API
	params  map[string]bool  // that token requests may have
	lookUps []lookUp
	now     func() time.Time
	late    time.Duration // each request, and each answer

	// connecting says that a connection is being made: only then are requests
	// look-ups, because calls may look like them.
	connecting atomic.Bool
	// lookUp changes the answer to a look-up of a field.
	lookUp func(field string, a *answer)

	mu     sync.Mutex
	looked []engine.Key      // whose look-ups went to the API
	found  map[string]string // endpoints that metadata name
	seen   []sent
	broken []error

	// api answers an API request, the n-th from 1; nil leaves it to the sandbox.
	api func(r *http.Request, n int) *answer
	// after changes an API answer of the sandbox.
	after func(r *http.Request, n int, a *answer)
	// token answers a token request in the sandbox's place, or changes the answer
	// that it gave.
	token func(*answer)
}

// A sent is an API request that went by.
type sent struct {
	method string
	url    url.URL
	header http.Header
	body   any
	at     time.Time // by the check's clock
	really time.Time // by the machine's
}

func newWire(played *schema.Integration, next http.RoundTripper, now func() time.Time) *wire {
	w := &wire{played: played, next: next, now: now, lookUps: lookUpsOf(played), found: map[string]string{}, params: tokenParams(played)}
	a := &played.Auth
	urls := []string{a.TokenURL, a.RefreshURL, a.RevocationURL, a.RequestURL}
	for _, s := range a.Steps {
		urls = append(urls, s.URL)
	}
	if r := a.AssumesRole(); r != nil {
		urls = append(urls, r.URL)
	}
	for _, text := range urls {
		if text != "" {
			w.ends = append(w.ends, nearlyURL(text))
			w.exact = append(w.exact, urlPattern(text))
		}
	}
	for _, text := range []string{a.DeviceAuthorizationURL, a.IntrospectionURL} {
		if text != "" {
			w.aside = append(w.aside, urlPattern(text))
		}
	}
	return w
}

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (w *wire) PublicOnly() http.RoundTripper { return w }

// WithCertificate implements [engine.CertificateTransport]: what goes by is noted as
// well.
func (w *wire) WithCertificate(cert tls.Certificate) http.RoundTripper {
	shown, ok := w.next.(engine.CertificateTransport)
	if !ok {
		return w
	}
	return &certifiedWire{w, shown.WithCertificate(cert)}
}

// A certifiedWire sends through a transport of its own.
type certifiedWire struct {
	*wire
	next http.RoundTripper
}

// PublicOnly implements [engine.PublicTransport].
func (w *certifiedWire) PublicOnly() http.RoundTripper { return w }

// RoundTrip implements http.RoundTripper.
func (w *certifiedWire) RoundTrip(r *http.Request) (*http.Response, error) {
	return w.wire.RoundTrip(r.WithContext(context.WithValue(r.Context(), sendKey{}, w.next)))
}

type sendKey struct{}

// send goes on with a request: through the transport that it came to.
func (w *wire) send(r *http.Request) (*http.Response, error) {
	if next, ok := r.Context().Value(sendKey{}).(http.RoundTripper); ok {
		return next.RoundTrip(r)
	}
	return w.next.RoundTrip(r)
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	turnOf(r.Context()).work()
	time.Sleep(w.late)
	defer time.Sleep(w.late)
	where := r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath()
	at := func(re *regexp.Regexp) bool { return re.MatchString(where) }
	if w.played.Auth.AuthMode == schema.MCPOAuth2 {
		switch known := w.discovered(where); {
		case strings.Contains(where, "/.well-known/"):
			return w.learn(r)
		case known == "token_endpoint", known == "revocation_endpoint":
			return w.tokenRequest(r)
		case known != "", r.Header.Get("Authorization") == "":
			return w.next.RoundTrip(r)
		}
	}
	if slices.ContainsFunc(w.ends, at) && !w.asksAboutSession(r) {
		return w.tokenRequest(r)
	}
	if slices.ContainsFunc(w.aside, at) {
		return w.send(r)
	}
	if names := w.lookedUp(r); len(names) > 0 && w.connecting.Load() {
		return w.lookUpRequest(r, names)
	}
	return w.apiRequest(r)
}

// asksAboutSession reports whether r is no login although it may go where logins go: the
// method is another.
func (w *wire) asksAboutSession(r *http.Request) bool {
	a := &w.played.Auth
	return a.AuthMode == schema.TwoStep && len(a.Steps) == 0 && r.Method != cmp.Or(a.TokenRequestMethod, http.MethodPost)
}

// learn lets a request for metadata by, and notes the endpoints in the answer.
func (w *wire) learn(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	a := readAnswer(resp)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range []string{"token_endpoint", "revocation_endpoint", "registration_endpoint"} {
		if v, ok := schema.At(a.body, name); ok {
			w.found[text(v)] = name
		}
	}
	return a.response(r), nil
}

func (w *wire) discovered(where string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found[where]
}

func readAnswer(resp *http.Response) answer {
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	h := resp.Header.Clone()
	h.Del("Content-Length")
	a := answer{status: resp.StatusCode, header: h}
	if a.body = decode(b); a.body == nil && len(b) > 0 {
		a.body = string(b)
	}
	return a
}

func (w *wire) apiRequest(r *http.Request) (*http.Response, error) {
	s := sent{method: r.Method, url: *r.URL, header: r.Header.Clone(), at: w.now(), really: time.Now()}
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			b, _ := io.ReadAll(body)
			s.body = decode(b)
		}
	}
	w.mu.Lock()
	w.seen = append(w.seen, s)
	n := len(w.seen)
	for _, err := range []error{w.check(r), w.strangeLife(r, nil)} {
		if err != nil {
			w.broken = append(w.broken, err)
		}
	}
	api, after := w.api, w.after
	w.mu.Unlock()
	if api != nil {
		if a := api(r, n); a != nil {
			if r.Body != nil {
				_ = r.Body.Close()
			}
			return a.response(r), nil
		}
	}
	resp, err := w.send(r)
	if err != nil || after == nil {
		return resp, err
	}
	a := readAnswer(resp)
	after(r, n, &a)
	return a.response(r), nil
}

// usual headers are those that a client sends without being told.
var usual = []string{"Accept-Encoding", "Content-Type", "User-Agent", "X-Bench"}

// check compares a request with the headers and parameters that every request of
// this API has. What grants access is the sandbox's to check.
func (w *wire) check(r *http.Request) error {
	req := &w.played.Requests
	q := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(req.Headers)) {
		if err := sameValue(r, w.played, "header "+name, req.Headers[name], r.Header.Get(name)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(req.Params)) {
		if err := sameValue(r, w.played, "parameter "+name, req.Params[name], q.Get(name)); err != nil {
			return err
		}
	}
	for name := range r.Header {
		declared := func(other string) bool { return strings.EqualFold(name, other) }
		idempotency := req.Retries != nil && declared(req.Retries.IdempotencyKey)
		signature := slices.ContainsFunc(w.played.Auth.AuthMode.Mode().SignatureHeaders, declared) // the sandbox checks it
		if s := w.played.Auth.RequestSignature; s != nil {
			signature = signature || slices.ContainsFunc(slices.Collect(maps.Keys(s.Headers)), declared)
		}
		operation := slices.ContainsFunc(slices.Collect(maps.Values(w.played.Operations)), func(o *schema.Operation) bool {
			return slices.ContainsFunc(slices.Collect(maps.Keys(o.Request.Headers)), declared)
		})
		if !idempotency && !signature && !operation && !slices.ContainsFunc(usual, declared) && !slices.ContainsFunc(slices.Collect(maps.Keys(req.Headers)), declared) {
			return fmt.Errorf("a request has the header %s, which nobody declares", name)
		}
	}
	return nil
}

// requests returns what went by since the last reset.
func (w *wire) requests() []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

// reset forgets what went by, and has API requests answered by api from now on.
func (w *wire) reset(api func(r *http.Request, n int) *answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.api = nil, api
}

// err returns what was wrong with requests.
func (w *wire) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.broken...)
}
