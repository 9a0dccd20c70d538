package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A stage is the world of one check: an engine, a sandbox and a wire between.
type stage struct {
	entry    *Entry
	clock    *clock
	provider *sandbox.Provider
	direct   http.RoundTripper // the sandbox, for the user's browser
	wire     *wire
	engine   *engine.Engine
	callback url.Values // the last that the user came back with
	key      engine.Key

	onWait func() // is called when the engine is about to wait; nil: nobody wants to know

	mu    sync.Mutex
	waits []engine.Event
}

// setup adjusts a stage.
type setup struct {
	sandbox sandbox.Options
	budget  bool // the engine keeps the entry's budget; without, no check waits for it
	once    bool // the engine makes no attempt twice
	bare    bool // the user leaves out what is optional
}

func (e *Entry) stage(s setup) (*stage, error) {
	st := &stage{entry: e, clock: newClock(), key: engine.Key{Integration: integration, ConnectionID: "user-1"}}
	s.sandbox.Now = st.clock.now
	s.sandbox.RedirectURIs = []string{redirectURL}
	s.sandbox.NoRateLimit = !s.budget
	var err error
	if st.provider, err = sandbox.New(e.ofOneUser(!s.bare), &s.sandbox); err != nil {
		return nil, err
	}
	st.direct = sandbox.NewMux(st.provider).Transport()
	st.wire = newWire(e.Played, st.direct, st.clock.now)
	st.wire.late = e.late
	cfg := &schema.Config{Integrations: map[string]*schema.Integration{integration: s.client(e.Client)}}
	st.engine, err = engine.New(cfg, &engine.Options{Transport: st.wire, Now: st.clock.now, Observe: st.observe})
	return st, err
}

// client returns in as this stage wants it.
func (s *setup) client(in *schema.Integration) *schema.Integration {
	changed := *in
	if r := in.Requests.RateLimit; r != nil && !s.budget {
		limit := *r
		limit.Budget = nil
		changed.Requests.RateLimit = &limit
	}
	if s.once {
		retries := schema.Retries{}
		if r := in.Requests.Retries; r != nil {
			retries = *r
		}
		none := 0
		retries.MaxRetries = &none
		changed.Requests.Retries = &retries
	}
	return &changed
}

// observe moves the clock on by what the engine is about to wait. A nanosecond more: a
// wait may have been rounded down, and where the clock stands, what is missing never comes.
func (st *stage) observe(ctx context.Context, ev engine.Event) {
	if ev.Kind != engine.EventWait {
		return
	}
	st.clock.advance(ev.Wait + time.Nanosecond)
	st.mu.Lock()
	st.waits = append(st.waits, ev)
	st.mu.Unlock()
	turnOf(ctx).rest()
	if st.onWait != nil {
		st.onWait()
	}
}

// waited returns how long the engine has waited, each time.
func (st *stage) waited() []time.Duration {
	st.mu.Lock()
	defer st.mu.Unlock()
	var list []time.Duration
	for _, ev := range st.waits {
		list = append(list, ev.Wait)
	}
	return list
}

// connected returns a stage with a connection.
func (e *Entry) connected(ctx context.Context, s setup) (*stage, error) {
	st, err := e.stage(s)
	if err == nil {
		_, err = st.connect(ctx, st.key)
	}
	return st, err
}

// connect makes a connection, by consent or by what the user types, and chooses the
// first of what there is to choose.
func (st *stage) connect(ctx context.Context, k engine.Key) (*engine.Connection, error) {
	st.wire.connecting.Store(true)
	defer st.wire.connecting.Store(false)
	c, err := st.make(ctx, k, st.entry.fields(true), st.entry.credentials(), false)
	if err != nil {
		return nil, err
	}
	return st.choose(ctx, c, "")
}

// connectOpen leaves what there is to choose open, unless fields say it.
func (st *stage) connectOpen(ctx context.Context, k engine.Key, fields map[string]string) (*engine.Connection, error) {
	st.wire.connecting.Store(true) // and so it stays: choices are looked up again
	all := st.entry.fields(true)
	maps.Copy(all, fields)
	return st.make(ctx, k, all, st.entry.credentials(), false)
}

func (st *stage) make(ctx context.Context, k engine.Key, fields map[string]string, given engine.Credentials, verify bool) (*engine.Connection, error) {
	if st.entry.Played.Auth.AuthMode.Consents() {
		return st.consents(ctx, k, "allow", fields)
	}
	return st.engine.Connect(ctx, k, given, &engine.ConnectOptions{Fields: fields, Verify: verify})
}

// consents makes a connection by the decision of its user, on another device where
// there is no other way.
func (st *stage) consents(ctx context.Context, k engine.Key, decision string, fields map[string]string) (*engine.Connection, error) {
	if st.entry.Played.Auth.DeviceOnly() {
		return st.consentsOnDevice(ctx, k, decision, fields)
	}
	p, callback, err := st.consent(ctx, k, decision, &engine.AuthCodeOptions{Fields: fields, Credentials: st.entry.credentials().Fields})
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(redirectURL)
	if err != nil {
		return nil, err
	}
	at.RawQuery = callback.Encode()
	st.callback = callback
	return st.engine.ExchangeAt(ctx, p, at)
}

// consentsOnDevice takes the user through the device flow. The clock is moved on to
// the polls.
func (st *stage) consentsOnDevice(ctx context.Context, k engine.Key, decision string, fields map[string]string) (*engine.Connection, error) {
	d, err := st.engine.DeviceAuth(ctx, k, &engine.AuthCodeOptions{Fields: fields, Credentials: st.entry.credentials().Fields})
	if err != nil {
		return nil, err
	}
	var pending *engine.StillPendingError
	for range 2 { // before its time, and in time
		if _, err := st.engine.PollDevice(ctx, d); !errors.As(err, &pending) {
			return nil, fmt.Errorf("the user has not decided: got %v", err)
		}
		st.clock.advance(pending.RetryAfter)
	}
	if err := sandbox.AllowDevice(ctx, st.direct, d.VerificationURI, d.UserCode, decision); err != nil {
		return nil, err
	}
	st.mu.Lock()
	st.waits = nil // for a decision, not of calls
	st.mu.Unlock()
	return st.engine.PollDevice(ctx, d)
}

// consent sends the user to the provider and returns with the callback.
func (st *stage) consent(ctx context.Context, k engine.Key, decision string, opts *engine.AuthCodeOptions) (*engine.Pending, url.Values, error) {
	if opts == nil {
		opts = &engine.AuthCodeOptions{Fields: st.entry.fields(true), Credentials: st.entry.credentials().Fields}
	}
	p, err := st.engine.AuthCodeURL(ctx, k, redirectURL, opts)
	if err != nil {
		return nil, nil, err
	}
	back, err := sandbox.Allow(ctx, st.direct, p.URL.Reveal(), decision)
	if err != nil {
		return nil, nil, err
	}
	return p, back.Query(), nil
}

// fields are what the user types about the connection.
func (e *Entry) fields(optional bool) map[string]string {
	fields := map[string]string{}
	for name, f := range e.Played.Connection {
		if v := typed(name, f.Field); f.From == schema.FromUser && v != "" && (optional || !f.Optional && f.Default == "") {
			fields[name] = v
		}
	}
	return fields
}

// credentials are what the user types to grant access.
func (e *Entry) credentials() engine.Credentials {
	given := engine.Credentials{Fields: map[string]schema.Secret{}}
	for _, name := range e.Played.UserCredentials() {
		given.SetField(name, schema.NewSecret(typed(name, e.Played.Auth.OwnField(name, e.Played.Credentials[name]))))
	}
	return given
}

// A call is a request of the API.
type call struct {
	method string
	path   string
	body   any
}

// probe is a call that only reads, and that the sandbox answers with success.
func (e *Entry) probe() call {
	v := e.Played.Requests.Verify
	known := v != nil && !strings.Contains(v.Path, "${")
	if known && or(v.Method, http.MethodGet) == http.MethodGet {
		return call{method: http.MethodGet, path: v.Path}
	}
	for i := range e.Played.Samples {
		if s := &e.Played.Samples[i]; isAPI(s) && or(s.Request.Method, http.MethodGet) == http.MethodGet {
			return callOf(s)
		}
	}
	if known {
		return call{method: v.Method, path: v.Path, body: plain(v.Body)}
	}
	return call{method: http.MethodGet, path: "/"}
}

// repeatable is a call that is made again after a failure, for checks that answer it
// themselves: an API may have nothing but POST, as those of GraphQL.
func (e *Entry) repeatable() call {
	if c := e.probe(); c.method == http.MethodGet {
		return c
	}
	return call{method: http.MethodGet, path: "/bench"}
}

func isAPI(s *schema.Sample) bool {
	return s.Request != nil && (s.Kind == "" || s.Kind == schema.SampleAPI)
}

func or(s, byDefault string) string {
	if s == "" {
		return byDefault
	}
	return s
}

// do makes a call and reads the answer.
func (st *stage) do(ctx context.Context, c call) (*answer, *http.Response, error) {
	return st.doAs(ctx, st.key, c)
}

func (st *stage) doAs(ctx context.Context, k engine.Key, c call) (*answer, *http.Response, error) {
	client, err := st.engine.Client(k)
	if err != nil {
		return nil, nil, err
	}
	var body io.Reader
	if c.body != nil {
		body = strings.NewReader(encode(c.body))
	}
	r, err := http.NewRequestWithContext(ctx, c.method, c.path, body)
	if err != nil {
		return nil, nil, errors.New("the path of a sample cannot be read")
	}
	if c.body != nil && !st.entry.declaresHeader("Content-Type") {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	a := readAnswer(resp)
	resp.Body = a.response(r).Body // for CheckResponse
	return &a, resp, nil
}

func (e *Entry) declaresHeader(name string) bool {
	for have := range e.Played.Requests.Headers {
		if strings.EqualFold(have, name) {
			return true
		}
	}
	return false
}

// succeed makes a call and fails unless the answer is a success.
func (st *stage) succeed(ctx context.Context, c call) (*answer, error) {
	a, resp, err := st.do(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := engine.CheckResponse(resp); err != nil {
		return nil, refusal(err, a)
	}
	return a, nil
}

// refusal adds the sandbox's reason to an error.
func refusal(err error, a *answer) error {
	if why := a.header.Get(sandbox.RefusalHeader); why != "" {
		return fmt.Errorf("%w (%s)", err, why)
	}
	return err
}
