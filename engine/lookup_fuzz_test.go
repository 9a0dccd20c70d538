package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// Whatever a look-up is answered, there is a connection or an error that tells no
// secret; and what is taken is a value that stood in the answer.
func FuzzLookUps(f *testing.F) {
	for _, seed := range []string{oneSite, twoSites, `[]`, `{"sites":[{"id":1,"kind":"quay","name":null}]}`, `{"sites":{"0":{"id":"x"}}}`, `null`, ``, `{"sites":[[],7,"x",{"id":{"id":"y"},"kind":"quay"}]}`} {
		f.Add(seed, 200)
	}
	f.Add(`{"error":"s3cret-key"}`, 403)
	in := fjord()
	in.Auth = schema.Auth{AuthMode: schema.APIKey}
	in.Requests = schema.Requests{BaseURL: "https://api.fjord.test/${connection.site}", Headers: map[string]string{"X-Key": "${api_key}"}}
	withSites(in)
	none := 0
	in.Requests.Retries = &schema.Retries{MaxRetries: &none}
	f.Fuzz(func(t *testing.T, body string, status int) {
		p := &provider{api: func(*http.Request) (int, string) { return max(200, min(status, 599)), body }}
		e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: p})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		c, err := e.Connect(ctx, alice, engine.Credentials{APIKey: schema.NewSecret("s3cret-key")}, nil)
		if err != nil {
			if strings.Contains(err.Error(), "s3cret-key") || engine.ErrorKind(err) == "" {
				t.Errorf("got %v", err)
			}
			return
		}
		choices, err := e.Choices(ctx, alice, "site")
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := c.Fields["site"]; ok != (len(choices) == 1) || ok && choices[0].Value != v {
			t.Errorf("%v of %v", c.Fields, choices)
		}
	})
}
