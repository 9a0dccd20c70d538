package server_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
)

const webhookSecret = "s3cret-webhook-0123456789-0123456789"

// A product is told of its connections. It is a transport, so that time can be held.
type product struct {
	mu     sync.Mutex
	told   []told
	answer func(n int) (int, error) // of the n-th message; nil: 200
}

type told struct {
	id, signature, operation, connection, failure string
	success                                       bool
	at                                            time.Time
	body                                          []byte
	tags                                          map[string]string
}

func (p *product) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	var m struct {
		Operation    string
		ConnectionID string
		Success      bool
		Tags         map[string]string
		Error        struct{ Type string }
	}
	_ = json.Unmarshal(body, &m)
	p.mu.Lock()
	p.told = append(p.told, told{
		id: r.Header.Get(server.DeliveryHeader), signature: r.Header.Get("X-Nango-Hmac-Sha256"), operation: m.Operation,
		connection: m.ConnectionID, failure: m.Error.Type, success: m.Success, at: time.Now(), body: body, tags: m.Tags,
	})
	n, answer := len(p.told), p.answer
	p.mu.Unlock()
	status := 200
	if answer != nil {
		var err error
		if status, err = answer(n); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Location": {"https://elsewhere.example"}}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func (p *product) all() []told {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]told{}, p.told...)
}

// A granted provider plays a token endpoint without a network.
type granted struct{ answer func() (int, string) }

func (g *granted) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := g.answer()
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// An office is servers over one store, and a product that they tell.
type office struct {
	*testing.T
	product  *product
	provider *granted
	engines  []*engine.Engine
	records  record.Store
	stop     func()
}

func inOffice(t *testing.T, servers int, f func(o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &office{T: t, product: &product{}, provider: &granted{}, records: &record.Memory{}}
		store := &engine.MemoryStore{}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		o.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
		for range servers {
			e, err := engine.New(&schema.Config{Integrations: integrations("https://provider.example")}, &engine.Options{Connections: store, Transport: o.provider})
			if err != nil {
				t.Fatal(err)
			}
			s, err := server.New(e, &server.Options{
				Records: o.records, Webhook: &server.Webhook{URL: "https://app.example/hooks", Secret: schema.NewSecret(webhookSecret), Transport: o.product},
			})
			if err != nil {
				t.Fatal(err)
			}
			o.engines = append(o.engines, e)
			running.Go(func() { s.Run(ctx) })
		}
		f(o)
		o.stop()
	})
}

var user42 = engine.Key{Integration: "tides", ConnectionID: "user-42"}

func (o *office) connect(ends time.Duration) {
	o.Helper()
	_, err := o.engines[0].Connect(o.Context(), user42, engine.Credentials{Token: engine.Token{
		AccessToken: schema.NewSecret(accessSecret), RefreshToken: schema.NewSecret(refreshSecret), ExpiresAt: time.Now().Add(ends),
	}}, &engine.ConnectOptions{Tags: map[string]string{"end_user_id": "7"}})
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) want(operations ...string) {
	o.Helper()
	synctest.Wait()
	var got []string
	for _, m := range o.product.all() {
		text := m.operation
		if !m.success {
			text += " " + m.failure
		}
		got = append(got, text)
	}
	if strings.Join(got, ", ") != strings.Join(operations, ", ") {
		o.Errorf("told: %q, want %q", got, operations)
	}
}

// What becomes of a connection is told once, whichever of several servers finds out.
func TestWebhooks(t *testing.T) {
	inOffice(t, 3, func(o *office) {
		o.connect(time.Minute)
		o.want("creation")
		time.Sleep(time.Second)
		o.connect(time.Minute)
		o.want("creation", "override")

		// The provider is down, and the token ends: each server finds out.
		o.provider.answer = func() (int, string) { return 503, "" }
		time.Sleep(2 * time.Minute)
		for range 3 {
			for _, e := range o.engines {
				if _, err := e.TokenSource(user42).Token(o.Context()); !errors.Is(err, engine.ErrUnavailable) {
					o.Errorf("got %v", err)
				}
			}
			time.Sleep(time.Minute)
		}
		o.want("creation", "override", "refresh refresh_failed")

		o.provider.answer = func() (int, string) { return 400, `{"error": "invalid_grant"}` }
		for _, e := range o.engines {
			if _, err := e.TokenSource(user42).Token(o.Context()); !errors.Is(err, engine.ErrReauthorize) {
				o.Errorf("got %v", err)
			}
		}
		o.want("creation", "override", "refresh refresh_failed", "refresh needs_reauthorization")
		if err := o.engines[1].Revoke(o.Context(), user42); err != nil {
			o.Error(err)
		}
		o.want("creation", "override", "refresh refresh_failed", "refresh needs_reauthorization", "deletion")

		for _, m := range o.product.all() {
			mac := hmac.New(sha256.New, []byte(webhookSecret))
			mac.Write(m.body)
			if m.signature != hex.EncodeToString(mac.Sum(nil)) || m.id == "" || m.connection != "user-42" || m.tags["end_user_id"] != "7" {
				o.Errorf("%s: signed %q, delivery %q: %s", m.operation, m.signature, m.id, m.body)
			}
			if strings.Contains(string(m.body), "s3cret") {
				o.Errorf("a message holds what grants access: %s", m.body)
			}
		}
	})
}

// A product that does not take a message is told again, less and less often, by whichever
// server; then never again.
func TestWebhookIsToldAgain(t *testing.T) {
	inOffice(t, 2, func(o *office) {
		o.product.answer = func(n int) (int, error) {
			switch n {
			case 1:
				return 0, errors.New("nobody there")
			case 2:
				return 302, nil // not followed
			case 3:
				return 500, nil
			}
			return 204, nil
		}
		o.connect(time.Hour)
		time.Sleep(10 * time.Minute)
		o.want("creation", "creation", "creation", "creation")
		all := o.product.all()
		for i, m := range all {
			if m.id != all[0].id {
				o.Error("a message that is told again has another id")
			}
			if i > 0 {
				most := 5*time.Second<<(i-1) + 6*time.Second // and a look of the store
				if wait := m.at.Sub(all[i-1].at); wait < most/5 || wait > most {
					o.Errorf("attempt %d came after %s", i+1, wait)
				}
			}
		}
		time.Sleep(100 * time.Hour)
		o.want("creation", "creation", "creation", "creation")
		if left, err := o.records.Records(o.Context(), "webhook", "", 10); len(left) != 0 || err != nil {
			o.Errorf("%d records are left, %v", len(left), err)
		}
	})
}

// What no product takes for three days is given up.
func TestWebhookIsGivenUp(t *testing.T) {
	inOffice(t, 1, func(o *office) {
		o.product.answer = func(int) (int, error) { return 500, nil }
		o.connect(time.Hour)
		time.Sleep(80 * time.Hour)
		n := len(o.product.all())
		time.Sleep(80 * time.Hour)
		if got := len(o.product.all()); got != n || n < 70 || n > 200 {
			o.Errorf("told %d times, then %d", n, got)
		}
		if left, err := o.records.Records(o.Context(), "webhook", "", 10); len(left) != 0 || err != nil {
			o.Errorf("%d records are left, %v", len(left), err)
		}
	})
}

// A server that is killed while it tells leaves the message to another.
func TestWebhookOfAServerThatIsKilled(t *testing.T) {
	inOffice(t, 1, func(o *office) {
		entered, release := make(chan bool), make(chan bool)
		o.product.answer = func(n int) (int, error) {
			if n == 1 {
				entered <- true
				<-release
				return 0, errors.New("killed")
			}
			return 200, nil
		}
		o.connect(time.Hour)
		<-entered
		go func() { time.Sleep(time.Second); close(release) }()
		o.stop() // it writes nothing of what came of it
		ctx, cancel := context.WithCancel(o.Context())
		s, err := server.New(o.engines[0], &server.Options{
			Records: o.records, Webhook: &server.Webhook{URL: "https://app.example/hooks", Secret: schema.NewSecret(webhookSecret), Transport: o.product},
		})
		if err != nil {
			o.Fatal(err)
		}
		var running sync.WaitGroup
		running.Go(func() { s.Run(ctx) })
		time.Sleep(5 * time.Minute)
		o.want("creation", "creation")
		cancel()
		running.Wait()
	})
}

func TestWebhooksThatCannotBe(t *testing.T) {
	for _, w := range []server.Webhook{
		{URL: "app.example/hooks", Secret: schema.NewSecret(webhookSecret)}, {URL: "ftp://app.example", Secret: schema.NewSecret(webhookSecret)},
		{URL: "https://u:s3cret@app.example", Secret: schema.NewSecret(webhookSecret)}, {URL: "https://app.example", Secret: schema.NewSecret("s3cret")}, {URL: "https://app.example"},
	} {
		if _, err := server.New(nil, &server.Options{Webhook: &w}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", w.URL, err)
		}
	}
}
