package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// TestTBA signs with a token that the user typed, and names the realm.
func TestTBA(t *testing.T) {
	in := &schema.Integration{
		Name: "tower", OAuthClientID: "consumer", OAuthClientSecret: schema.NewSecret("seeded-client"),
		Auth:       schema.Auth{AuthMode: schema.TBA, SignatureRealm: "${connection.account}"},
		Connection: map[string]schema.ConnectionField{"account": {From: schema.FromUser}},
		Credentials: map[string]schema.Field{
			"token_id": {Example: "invented-token"}, "token_secret": {Example: "invented-secret", Secret: true},
		},
		Requests: schema.Requests{BaseURL: "https://tower.test/rest"},
	}
	w := newOAuth1World(t, in)
	opts := &engine.ConnectOptions{Fields: map[string]string{"account": `1234567_SB1`}}
	typed := func(secret string) engine.Credentials {
		return engine.Credentials{Fields: map[string]schema.Secret{"token_id": schema.NewSecret("invented-token"), "token_secret": schema.NewSecret(secret)}}
	}
	if _, err := w.Connect(t.Context(), towerKey, typed("invented-secret"), opts); err != nil {
		t.Fatal(err)
	}
	client, _ := w.Client(towerKey)
	resp, err := client.Get("/record/v1/customer?limit=2")
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("got %v, %v", resp, err)
	}
	header := w.sent[0].Header.Get("Authorization")
	for _, part := range []string{`OAuth realm="1234567_SB1", `, `oauth_signature_method="HMAC-SHA256"`, `oauth_token="invented-token"`, `oauth_consumer_key="consumer"`} {
		if !strings.Contains(header, part) {
			t.Errorf("%s is not in %s", part, header)
		}
	}
	if _, err := w.Connect(t.Context(), towerKey, typed("another"), opts); err != nil {
		t.Fatal(err)
	}
	if resp, err := client.Get("/x"); err != nil || resp.StatusCode != 401 || !strings.Contains(resp.Header.Get(sandbox.RefusalHeader), "oauth_signature") {
		t.Errorf("a wrong secret: %v, %v", resp, err)
	}
	if _, err := w.Connect(t.Context(), towerKey, typed(""), opts); !errors.Is(err, engine.ErrClient) {
		t.Errorf("no secret: %v", err)
	}
}

// Without a client there is nothing to sign with, and nothing is sent.
func TestTBANeedsAClient(t *testing.T) {
	in := &schema.Integration{Name: "tower", Auth: schema.Auth{AuthMode: schema.TBA}, Requests: schema.Requests{BaseURL: "https://tower.test/rest"}}
	w := newOAuth1World(t, in)
	given := engine.Credentials{Fields: map[string]schema.Secret{"token_id": schema.NewSecret("a"), "token_secret": schema.NewSecret("b")}}
	if _, err := w.Connect(t.Context(), towerKey, given, nil); err != nil {
		t.Fatal(err)
	}
	client, _ := w.Client(towerKey)
	if _, err := client.Get("/x"); !errors.Is(err, engine.ErrClient) || len(w.sent) > 0 {
		t.Errorf("got %v, %d requests", err, len(w.sent))
	}
}
