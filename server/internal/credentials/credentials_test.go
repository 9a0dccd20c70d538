package credentials_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/credentials"
)

func secret(text string) schema.Secret { return schema.NewSecret(text) }

// What is shown of a connection makes the same connection elsewhere.
func TestReadReadsWhatShowShows(t *testing.T) {
	ends := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, given := range []engine.Credentials{
		{Type: schema.OAuth2, Token: engine.Token{AccessToken: secret("a"), RefreshToken: secret("r"), ExpiresAt: ends, Raw: secret(`{"team":"t"}`)}},
		{Type: schema.OAuth1, Token: engine.Token{AccessToken: secret("a"), TokenSecret: secret("s")}},
		{Type: schema.APIKey, APIKey: secret("k")},
		{Type: schema.UsernamePassword, Username: secret("u"), Password: secret("p")},
	} {
		text, err := json.Marshal(credentials.Show(&engine.Connection{Credentials: given}, true))
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		got, err := credentials.Read(given.Type, members)
		got.Type = given.Type
		if err != nil || !reflect.DeepEqual(got, given) {
			t.Errorf("%s: %s\ngot  %+v, %v\nwant %+v", given.Type, text, got, err, given)
		}
	}
}

// A refresh token is shown to nobody who does not ask for it, wherever it stands.
func TestShowHoldsNoRefreshToken(t *testing.T) {
	c := &engine.Connection{Credentials: engine.Credentials{Type: schema.OAuth2, Token: engine.Token{
		AccessToken: secret("a"), RefreshToken: secret("s3cret"),
		Raw: secret(`{"refresh_token": "another-s3cret", "nested": [{"x": "s3cret", "kept": 1}, "s3cret"]}`),
	}}}
	text, _ := json.Marshal(credentials.Show(c, false))
	if strings.Contains(string(text), "s3cret") || !strings.Contains(string(text), `"kept":1`) {
		t.Errorf("got %s", text)
	}
}

func TestReadRefuses(t *testing.T) {
	for members, want := range map[string]string{
		`{"type": "BASIC"}`:                     "type must be OAUTH2",
		`{"type": "OAUTH2", "access_token": 1}`: `"access_token" of credentials must be a string`,
		`{"type": "OAUTH2", "access_token": "s3cret", "expires_at": "s3cret"}`:           "RFC 3339",
		`{"type": "OAUTH2", "access_token": "s3cret", "config_override": "s3cret-text"}`: "client_id and client_secret",
	} {
		var in map[string]json.RawMessage
		if err := json.Unmarshal([]byte(members), &in); err != nil {
			t.Fatal(err)
		}
		if _, err := credentials.Read(schema.OAuth2, in); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want something about %s", members, err, want)
		}
	}
}
