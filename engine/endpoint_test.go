package engine_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// An error says which endpoint it was.
func TestErrorsNameTheEndpoint(t *testing.T) {
	cfg, diags := loader.LoadBytes(t.Context(), "integrations.yaml", []byte(`integrations:
    fjord:
        oauth_client_id: app
        oauth_client_secret: hush
        oauth_scopes: ''
        auth:
            auth_mode: OAUTH2
            device_authorization_url: https://fjord.test/device
            token_url: https://fjord.test/token
            revocation_url: https://fjord.test/revoke
        requests: {base_url: https://fjord.test, headers: {Authorization: "Bearer ${access_token}"}}
    depot:
        auth: {auth_mode: AWS_SIGV4, aws: {service: sqs, region: eu, assume_role: {role_arn: "arn:aws:iam::123456789012:role/r", url: https://sts.depot.test}}}
        requests: {base_url: https://depot.test}
`), nil)
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	nobody := roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("nobody is there") })
	e, err := engine.New(cfg, &engine.Options{Transport: nobody})
	if err != nil {
		t.Fatal(err)
	}
	key := engine.Key{Integration: "fjord", ConnectionID: "mira"}
	_, device := e.DeviceAuth(t.Context(), key, nil)
	if _, err := e.Connect(t.Context(), key, engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("token")}}, nil); err != nil {
		t.Fatal(err)
	}
	_, role := e.Connect(t.Context(), engine.Key{Integration: "depot", ConnectionID: "mira"}, engine.Credentials{Fields: map[string]schema.Secret{
		"access_key_id": schema.NewSecret("AKID"), "secret_access_key": schema.NewSecret("hush")}}, nil)
	for want, err := range map[string]error{
		"the device authorization endpoint did not answer": device,
		"the revocation endpoint did not answer":           e.Revoke(t.Context(), key),
		"the Security Token Service did not answer":        role,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
