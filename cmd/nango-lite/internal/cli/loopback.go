package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/internal/media"
	"github.com/nango-lite/nango-lite/schema"
)

// parseRedirect checks the address that the provider is to send the browser to:
// it must be one where this process can listen (RFC 8252 7.3).
func parseRedirect(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, console.Usagef("--redirect-url is an address such as %s", defaultRedirect)
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, console.Usagef("--redirect-url must be of this machine: localhost, 127.0.0.1 or [::1], not %s", u.Hostname())
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// A loopback waits at the redirect URL for the one answer to an authorization.
type loopback struct {
	redirect  *url.URL // with the port that was taken
	listeners []net.Listener
	server    *http.Server

	mu      sync.Mutex
	start   string        // path that leads to page,
	page    schema.Secret // once
	state   schema.Secret
	told    map[string]bool // codes of refusals without a state that were told of
	tell    func(code string)
	answers chan *url.URL // one at most
	outcome chan error    // what the page is to say
}

// listen takes the redirect URL's port. localhost has an address in each family,
// and which of them a browser tries first is its own affair: both are taken.
func listen(redirect *url.URL) (*loopback, error) {
	u := *redirect
	l := &loopback{redirect: &u, answers: make(chan *url.URL, 1), outcome: make(chan error, 1)}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	hosts := []string{u.Hostname()}
	if u.Hostname() == "localhost" {
		hosts = []string{"127.0.0.1", "::1"}
	}
	for i, host := range hosts {
		ln, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil && i > 0 && !isInUse(err) {
			continue // a machine without IPv6
		}
		if err != nil {
			l.closeListeners()
			return nil, listenError(redirect, err)
		}
		l.listeners = append(l.listeners, ln)
		if port == "0" {
			port = strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
			u.Host = net.JoinHostPort(u.Hostname(), port)
		}
	}
	l.server = &http.Server{Handler: l, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	for _, ln := range l.listeners {
		go func() { _ = l.server.Serve(ln) }() // ends with close
	}
	return l, nil
}

// isInUse knows Windows' number for it, too, which syscall does not name.
func isInUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.Errno(10048))
}

func listenError(redirect *url.URL, err error) error {
	if isInUse(err) {
		return fmt.Errorf("port %s is in use, so the provider's answer cannot be received at %s: "+
			"free it, or name another address with --redirect-url (it must be registered with the provider; port 0 takes any free port)",
			redirect.Port(), redirect)
	}
	return fmt.Errorf("cannot listen at %s (--redirect-url names another address): %w", redirect, err)
}

func (l *loopback) closeListeners() {
	for _, ln := range l.listeners {
		_ = ln.Close()
	}
}

// close ends the server; a page on its way is still sent.
func (l *loopback) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		_ = l.server.Close()
	}
}

// expect says which answer is the right one.
func (l *loopback) expect(state schema.Secret) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
}

// refusedWithoutState says which code a callback refuses with that bears no state, the
// first time that it comes. Anybody can send one, so that it ends nothing; but who waits
// should know (RFC 6749 4.1.2.1 has the server repeat the state, and some do not).
func (l *loopback) refusedWithoutState(callback url.Values) (code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	code = readableCode(callback.Get("error"))
	if code == "" || !l.state.IsSet() || callback.Get("state") != "" {
		return ""
	}
	if l.tell != nil && !l.told[code] && len(l.told) < 3 {
		if l.told == nil {
			l.told = map[string]bool{}
		}
		l.told[code] = true
		l.tell(code)
	}
	return code
}

// readableCode returns an error code as it may be shown, or "" if it is none: whatever
// this machine runs can call here.
func readableCode(code string) string {
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-", r))
	}) {
		return ""
	}
	return code
}

// startFor returns an address of this machine that leads to page, the first time that it
// is opened. What a browser is started with stands in the list of processes, for all who
// use the machine, and page holds the state.
func (l *loopback) startFor(page string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.start, l.page = "/start/"+rand.Text(), schema.NewSecret(page)
	return l.redirect.Scheme + "://" + l.redirect.Host + l.start
}

// begin sends the browser to the page, unless somebody was sent there already.
func (l *loopback) begin(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	page := l.page
	if r.Method == http.MethodGet {
		l.page = schema.Secret{}
	}
	l.mu.Unlock()
	if !page.IsSet() || r.Method != http.MethodGet {
		writeResult(w, http.StatusGone, "Opened before", "This address counts once. The terminal shows the page that it led to.")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, page.Reveal(), http.StatusFound)
}

// begins reports whether a path is that of startFor.
func (l *loopback) begins(path string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.start != "" && path == l.start
}

// wait returns the URL that the answer came to.
func (l *loopback) wait(ctx context.Context, p *engine.Pending, now time.Time) (*url.URL, error) {
	timeout := time.NewTimer(p.ExpiresAt.Sub(now))
	defer timeout.Stop()
	select {
	case at := <-l.answers:
		return at, nil
	case <-timeout.C:
		return nil, errors.New("nobody came back from the provider's page in time; start again")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ServeHTTP takes the provider's answer. Whatever else comes here, such as a tab
// left over from an earlier attempt, is turned away and does not end the wait.
func (l *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case l.begins(r.URL.EscapedPath()):
		l.begin(w, r)
		return
	case r.URL.EscapedPath() != l.redirect.EscapedPath():
		writeResult(w, http.StatusNotFound, "Nothing here", "nango-lite waits for an answer at another address.")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		writeResult(w, http.StatusMethodNotAllowed, "Not like this", "This address takes GET, and a form by POST.")
		return
	}
	callback, ok := callbackOf(r)
	if !ok {
		writeResult(w, http.StatusBadRequest, "Not the answer", "What came here is no form that can be read.")
		return
	}
	at := cameTo(r.URL)
	at.RawQuery = callback.Encode() // wherever it was written
	if !l.claim(callback) {
		if code := l.refusedWithoutState(callback); code != "" {
			writeResult(w, http.StatusBadRequest, "Refused", "The provider says "+code+", and does not say to which attempt. The terminal goes on waiting; Ctrl-C ends it.")
			return
		}
		writeResult(w, http.StatusBadRequest, "Not the answer", "This answer belongs to another attempt. The terminal shows the current one.")
		return
	}
	l.answers <- at
	select {
	case err := <-l.outcome:
		writeOutcome(w, err)
	case <-r.Context().Done():
	}
}

// maxForm bounds a form that a browser posts here.
const maxForm = 64 << 10

// callbackOf returns the parameters of an answer: those of the query, or of the form that
// a browser posts where the provider was asked for one (OAuth 2.0 Form Post Response
// Mode 2).
func callbackOf(r *http.Request) (url.Values, bool) {
	if r.Method == http.MethodGet {
		return form.Parse(r.URL.RawQuery), true
	}
	if media.Of(r.Header.Get("Content-Type")) != "application/x-www-form-urlencoded" {
		return nil, false
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil || len(body) > maxForm {
		return nil, false
	}
	return form.Parse(string(body)), true
}

// paste takes the address that a browser elsewhere was sent to, which could not reach this
// process. A wrong one is an error, and does not end the wait.
func (l *loopback) paste(text string) error {
	u, err := url.Parse(strings.Trim(strings.TrimSpace(text), "'\"<>"))
	if err != nil || u.RawQuery == "" {
		return errors.New("this is not the address that the browser was sent to: it begins with " + l.redirect.String() + "?")
	}
	if u.EscapedPath() != l.redirect.EscapedPath() {
		return errors.New("this address is another page's: the right one begins with " + l.redirect.String() + "?")
	}
	at := cameTo(u)
	if !l.claim(at.Query()) {
		return errors.New("this address belongs to another attempt, or is not whole")
	}
	l.answers <- at
	return nil
}

// claim reports whether an answer is the one, by its state, the first time.
func (l *loopback) claim(callback url.Values) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.state.IsSet() || !l.state.Equal(schema.NewSecret(callback.Get("state"))) {
		return false
	}
	l.state = schema.Secret{}
	return true
}

// done tells the page how it went.
func (l *loopback) done(err error) { l.outcome <- err }
