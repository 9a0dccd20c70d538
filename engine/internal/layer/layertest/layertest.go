// Package layertest checks that a layer keeps the contract of
// [http.RoundTripper], and lends layers a connection to be tested with. Start
// with [Test].
package layertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// Values is a snapshot with these values.
type Values map[string]string

// Value implements [layer.Snapshot].
func (v Values) Value(name string) (string, bool) { s, ok := v[name]; return s, ok }

// A Session is a layer.Session of fixed values. The zero Session has none.
type Session struct {
	Values    Values
	Err       error  // of Load
	FreshErr  error  // of Fresh
	Refreshed Values // what Refresh gives; nil: it fails
	Refreshes atomic.Int32
}

// Load implements [layer.Session].
func (s *Session) Load(context.Context) (layer.Snapshot, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	return s.Values, nil
}

// Fresh implements [layer.Session].
func (s *Session) Fresh(_ context.Context, given layer.Snapshot) (layer.Snapshot, error) {
	return given, s.FreshErr
}

// Refresh implements [layer.Session].
func (s *Session) Refresh(context.Context, layer.Snapshot, string) (layer.Snapshot, error) {
	s.Refreshes.Add(1)
	if s.Refreshed == nil {
		return nil, errors.New("no refresh token")
	}
	return s.Refreshed, nil
}

// Refused implements [layer.Session].
func (s *Session) Refused(layer.Snapshot) {}

// Base is the base URL of calls that [Begin] makes.
const Base = "https://api.fjord.test/v1"

// Begin returns a call as the layers below the base URL find it.
func Begin(s *Session) *layer.Call {
	call := &layer.Call{Client: &layer.Client{Session: s, Scope: "alice"}, ID: 1}
	base, _ := url.Parse(Base)
	call.Begin(s.Values, base)
	return call
}

// A Func is a round tripper.
type Func func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f Func) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Answer returns an answer to r, whose body it has read and closed as a transport
// does.
func Answer(r *http.Request, status int, body string, header ...string) *http.Response {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r, ContentLength: int64(len(body))}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Add(header[i], header[i+1])
	}
	return resp
}

// Test checks the contract with what make returns, which must let a GET and a
// POST below [Base] through. fail, if not nil, makes a session with which the
// layer itself fails.
func Test(t *testing.T, values Values, make func() layer.Layer, fail func() *Session) {
	t.Helper()
	session := func() *Session { return &Session{Values: values} }
	boom := errors.New("boom")
	ok := Func(func(r *http.Request) (*http.Response, error) { return Answer(r, 200, "whole"), nil })
	broken := Func(func(r *http.Request) (*http.Response, error) { Answer(r, 0, ""); return nil, boom })

	t.Run("passes the answer on", func(t *testing.T) {
		resp, err := send(t, make()(ok), session())
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if string(b) != "whole" || err != nil || resp.Body.Close() != nil {
			t.Errorf("got %q, %v", b, err)
		}
	})
	t.Run("passes an error on", func(t *testing.T) {
		if resp, err := send(t, make()(broken), session()); resp != nil || !errors.Is(err, boom) {
			t.Errorf("got %v, %v", resp, err)
		}
	})
	if fail != nil {
		t.Run("closes the body when it fails", func(t *testing.T) {
			reached := false
			spy := Func(func(r *http.Request) (*http.Response, error) { reached = true; return ok(r) })
			if resp, err := send(t, make()(spy), fail()); resp != nil || err == nil || reached {
				t.Errorf("got %v, %v; reached %v", resp, err, reached)
			}
		})
	}
	t.Run("serves many at once", func(t *testing.T) {
		rt := make()(ok)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if resp, err := send(t, rt, session()); err != nil {
					t.Error(err)
				} else {
					_ = resp.Body.Close()
				}
			})
		}
		wg.Wait()
	})
}

// send makes a POST and checks what became of the request.
func send(t *testing.T, rt http.RoundTripper, s *Session) (*http.Response, error) {
	t.Helper()
	body := &closing{Reader: bytes.NewReader([]byte("ping"))}
	call := Begin(s)
	r, err := http.NewRequestWithContext(layer.With(context.Background(), call), http.MethodPost, Base+"/x?a=1", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["x-own"] = []string{"1"}
	header, before := r.Header.Clone(), *r.URL
	resp, err := rt.RoundTrip(r)
	if !maps.EqualFunc(r.Header, header, slices.Equal[[]string]) {
		t.Errorf("the caller's header is now %v", r.Header)
	}
	if *r.URL != before {
		t.Errorf("the caller's URL is now %v", r.URL)
	}
	if !body.closed.Load() {
		t.Error("the caller's body is not closed")
	}
	return resp, err
}

type closing struct {
	io.Reader
	closed atomic.Bool
}

func (c *closing) Close() error { c.closed.Store(true); return nil }
