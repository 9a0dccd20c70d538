package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// overheard collects what logs, events and errors say, down to the last cause that one can
// unwrap.
type overheard struct {
	log  bytes.Buffer
	rest strings.Builder
}

func (l *overheard) options(rt http.RoundTripper) *engine.Options {
	return &engine.Options{Transport: rt, Logger: slog.New(slog.NewJSONHandler(&l.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(_ context.Context, ev engine.Event) {
			fmt.Fprintf(&l.rest, "event %+v %#v\n", ev, ev)
			l.err("event", ev.Err)
		}}
}

func (l *overheard) err(what string, err error) {
	for ; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&l.rest, "%s %T: %v %+v %#v\n", what, err, err, err, err)
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range many.Unwrap() {
				l.err(what, e)
			}
		}
	}
}

func (l *overheard) all() string { return l.log.String() + l.rest.String() }

// A secret may be part of an address: of the base URL, of the call that verifies, of a
// look-up, of the page that users are sent to, of the host of a token endpoint. Wherever
// the engine shows one, it is masked; and so it is in the errors of resolvers, and of
// redirects that net/http quotes.
func TestS36_AddressesTellNoSecrets(t *testing.T) {
	in := fjord()
	zero := 0
	in.MaxRetries, in.LogLevel = &zero, "debug"
	in.Auth = schema.Auth{AuthMode: schema.APIKey}
	in.Connection = map[string]schema.ConnectionField{
		"vault": {From: "user", Field: schema.Field{Secret: true}},
		"found": {From: "request", Field: schema.Field{Optional: true}, Request: &schema.LookUp{Path: "/look/${api_key}/seeded-supplied"}},
	}
	in.Requests.BaseURL = "https://fjord.test/bot${api_key}/seeded-supplied"
	in.Requests.Headers = map[string]string{"X-Vault": "${connection.vault}"}
	in.Requests.Verify = &schema.Verify{Path: "/${connection.vault}/me"}
	in.Values = []schema.Value{{Path: "requests.base_url", Text: "x", Supplied: []schema.Secret{secret("seeded-supplied")}}}
	var l overheard
	mode := ""
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, l.options(roundTripFunc(func(r *http.Request) (*http.Response, error) {
		switch {
		case mode == "refused":
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "seeded-key." + r.URL.Host}}
		case mode == "quoted":
			return nil, fmt.Errorf("bad Content-Length %q", "Bearer seeded-key")
		case mode == "redirect" && r.URL.Host == "fjord.test":
			resp := answer(r, 302, "")
			resp.Header.Set("Location", "https://seeded-key.elsewhere.test/seeded-signature/x?k=seeded-query")
			return resp, nil
		case mode == "redirect":
			return nil, errors.New("lookup " + r.URL.Host + ": no such host")
		}
		return answer(r, 200, `{"found":"x"}`), nil
	})))
	if err != nil {
		t.Fatal(err)
	}
	given := engine.Credentials{APIKey: secret("seeded-key")}
	_, err = e.Connect(t.Context(), alice, given, &engine.ConnectOptions{Fields: map[string]string{"vault": "seeded/vault"}})
	if err != nil {
		t.Fatal(err)
	}
	client, _ := e.Client(alice)
	for _, mode = range []string{"ok", "refused", "quoted", "redirect"} {
		l.err("verify", e.Verify(t.Context(), alice))
		resp, err := client.Get("/things")
		l.err("call", err)
		if err == nil {
			_ = resp.Body.Close()
		}
		_, err = e.Connect(t.Context(), alice, given, &engine.ConnectOptions{Fields: map[string]string{"vault": "seeded/vault"}})
		l.err("connect", err)
	}
	for _, seed := range []string{"seeded", "c2VlZGVk", fmt.Sprintf("%x", "seeded")} {
		for line := range strings.Lines(l.all()) {
			if strings.Contains(line, seed) {
				t.Errorf("%s is in %.400s", seed, line)
			}
		}
	}
	if want := "https://fjord.test/bot[REDACTED]/[REDACTED]/[REDACTED]/me"; !strings.Contains(l.all(), want) {
		t.Errorf("the rest of an address is not shown: %s is not in\n%.2000s", want, l.all())
	}
}

func TestS36_ConsentAddressesTellNoSecrets(t *testing.T) {
	var l overheard
	in := fjord()
	in.Connection = map[string]schema.ConnectionField{"vault": {From: "user", Field: schema.Field{Secret: true}}}
	in.Auth.AuthorizationURL = "https://id.fjord.test/${connection.vault}/seeded-supplied"
	in.Auth.TokenURL = "https://${connection.vault}.fjord.test/token"
	in.Values = []schema.Value{{Path: "auth.authorization_url", Text: "x", Supplied: []schema.Secret{secret("seeded-supplied")}}}
	rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.URL.Host}}
	})
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, l.options(publicTrip{rt, &provider{}}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Fields: map[string]string{"vault": "seeded-vault"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Exchange(t.Context(), p, url.Values{"state": {p.State.Reveal()}, "code": {"seeded-code"}})
	l.err("exchange", err)
	if err == nil || strings.Contains(l.all(), "seeded") || !strings.Contains(l.all(), "https://id.fjord.test/[REDACTED]/[REDACTED]") {
		t.Errorf("%v:\n%.2000s", err, l.all())
	}
}
