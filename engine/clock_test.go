package engine_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A dated adds the server's time to every answer.
type dated struct {
	*provider
	now time.Time
}

func (d dated) PublicOnly() http.RoundTripper { return d }

func (d dated) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.provider.RoundTrip(r)
	if err == nil {
		resp.Header.Set("Date", d.now.UTC().Format(http.TimeFormat))
	}
	return resp, err
}

// An assertion that our clock has spoiled is refused like one of an unknown key; the
// error says what is behind it. Where nothing is signed, the clock does not matter.
func TestAssertionsTellTheClock(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	signed := func(in *schema.Integration) {
		in.OAuthPrivateKey = schema.NewSecret(edKey)
		in.Auth.AuthorizationMethod, in.Auth.JWT = schema.ClientAuthJWT, &schema.JWT{Algorithm: "EdDSA"}
	}
	for _, c := range []struct {
		name   string
		off    time.Duration // of our clock
		change func(*schema.Integration)
		want   string // part of the error; "": the clock is not mentioned
	}{
		{"behind", -12 * time.Minute, signed, "our clock is 12m0s behind the server's"},
		{"ahead", time.Hour, signed, "our clock is 1h0m0s ahead of the server's"},
		{"close enough", 30 * time.Second, signed, ""},
		{"nothing is signed", time.Hour, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &provider{token: func(*tokenCall) (int, string) { return 401, `{"error":"invalid_client"}` }}
			in := fjord()
			if c.change != nil {
				c.change(in)
			}
			e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}},
				&engine.Options{Transport: dated{p, now}, Now: func() time.Time { return now.Add(c.off) }})
			if err != nil {
				t.Fatal(err)
			}
			pending, q := begin(t, e)
			_, err = e.Exchange(t.Context(), pending, map[string][]string{"code": {"the-code"}, "state": {q.Get("state")}})
			if !errors.Is(err, engine.ErrClient) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if c.want == "" && strings.Contains(err.Error(), "clock") {
				t.Errorf("got %v", err)
			}
		})
	}
}
