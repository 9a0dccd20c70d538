package loader_test

import (
	"context"
	"slices"
	"testing"

	"github.com/nango-lite/nango-lite/loader"
)

// The tests of this file are named for mistakes of the program that this one
// took its idea from, as they are numbered in its bug list; those that do not
// concern loading have theirs in other packages.

func TestBug01ParamsStayParams(t *testing.T) {
	cfg := loadText(t, "integrations:\n    a: {extends_blueprint: acme:v10}\n", options())
	r := cfg.Integrations["a"].Requests
	if r.Params["unit"] != "metric" || r.Headers["unit"] != "" {
		t.Errorf("params %v, headers %v", r.Params, r.Headers)
	}
}

func TestBug04GrantTypeStaysOutOfRefresh(t *testing.T) {
	cfg := loadText(t, "integrations:\n    a: {extends_blueprint: acme:v10, auth: {token_params: {grant_type: authorization_code}}}\n", options())
	a := cfg.Integrations["a"].Auth
	if a.TokenParams["grant_type"] == "" || len(a.RefreshParams) != 0 {
		t.Errorf("token_params %v, refresh_params %v", a.TokenParams, a.RefreshParams)
	}
}

func TestBug09UnknownNameHarmsNobodyElse(t *testing.T) {
	cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: nobody:v0}\n    b: {extends_blueprint: acme:v10}\n"), options())
	wantFinding(t, ds, `there is no blueprint "nobody" [unknown-blueprint]`)
	if cfg.Integrations["b"] == nil || cfg.Integrations["a"] != nil || cfg.Integrations["c"] != nil {
		t.Errorf("got %v", cfg.Integrations)
	}
}

func TestBug12ZeroTimeoutIsNoTimeout(t *testing.T) {
	cfg := loadText(t, "defaults: {http_request_timeout_seconds: 5, max_retries: 4}\nintegrations:\n    a: {extends_blueprint: acme:v10, http_request_timeout_seconds: 0, max_retries: 0}\n    b: {extends_blueprint: acme:v10}\n", options())
	a, b := cfg.Integrations["a"], cfg.Integrations["b"]
	if *a.HTTPRequestTimeoutSeconds != 0 || *a.Requests.Retries.MaxRetries != 0 {
		t.Errorf("a: timeout %v, retries %v; want 0, 0", *a.HTTPRequestTimeoutSeconds, *a.Requests.Retries.MaxRetries)
	}
	if *b.HTTPRequestTimeoutSeconds != 5 || *b.Requests.Retries.MaxRetries != 4 {
		t.Errorf("b: timeout %v, retries %v; want 5, 4", *b.HTTPRequestTimeoutSeconds, *b.Requests.Retries.MaxRetries)
	}
}

func TestBug13NewestVersionByNumber(t *testing.T) {
	cfg := loadText(t, "integrations:\n    a: {extends_blueprint: acme}\n", options())
	if got := cfg.Integrations["a"].ExtendsBlueprint; got != "acme:v10" {
		t.Errorf("got %s, want acme:v10 and not v9", got)
	}
}

func TestBug14ListsReplace(t *testing.T) {
	cfg := loadText(t, "integrations:\n    a: {extends_blueprint: acme:v10, requests: {retries: {statuses: [504]}}}\n", options())
	if got := cfg.Integrations["a"].Requests.Retries.Statuses; !slices.Equal(got, []int{504}) {
		t.Errorf("got %v, want [504] and nothing of the blueprint", got)
	}
}

func TestBug15LoadingChangesNoBlueprint(t *testing.T) {
	before, _ := catalog.Version("acme:v10")
	loadText(t, "integrations:\n    a: {extends_blueprint: acme:v10, max_retries: 9, requests: {headers: {authorization: x, X-New: y}}}\n", options())
	cfg := loadText(t, "integrations:\n    a: {extends_blueprint: acme:v10}\n", options())
	if h := cfg.Integrations["a"].Requests.Headers; h["X-New"] != "" || h["Authorization"] != before.Requests.Headers["Authorization"] {
		t.Errorf("another load left %v", h)
	}
}

func TestBug18QueryOfURLsIsKept(t *testing.T) {
	cfg := loadText(t, "integrations:\n    a: {extends_blueprint: acme:v10}\n", options())
	if got := cfg.Integrations["a"].Auth.AuthorizationURL; got != "https://acme.example/authorize?prompt=consent" {
		t.Errorf("got %s", got)
	}
}

func TestBugOverrideWithOtherCase(t *testing.T) {
	cfg := loadText(t, "integrations:\n    a: {extends_blueprint: acme:v10, requests: {headers: {authorization: Own}}}\n", options())
	if h := cfg.Integrations["a"].Requests.Headers; len(h) != 3 || h["authorization"] != "Own" {
		t.Errorf("got %v, want Authorization replaced", h)
	}
}

func TestBugNullScopesArePassedOver(t *testing.T) {
	_, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: acme:v10, oauth_client_id: x, oauth_client_secret: y, oauth_scopes: null}\n"), options())
	wantFinding(t, ds, `i.yaml:2:5: error: missing key "oauth_scopes"`)
}

func TestBugBlueprintOutsideTheCatalog(t *testing.T) {
	for _, ref := range []string{"../acme:v10", "acme:", "acme:v10:x", "./acme", "acme.yaml"} {
		cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: \""+ref+"\"}\n"), options())
		if !ds.HasErrors() || len(cfg.Integrations) > 0 {
			t.Errorf("%s: got %v, %v", ref, cfg.Integrations, ds)
		}
	}
}

func TestBugStrayKeysAreIgnored(t *testing.T) {
	_, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: acme:v10, auth: {auth: {auth_mode: OAUTH2}}}\n"), options())
	wantFinding(t, ds, `i.yaml:2:45: error: unknown key "auth" [unknown-key]`)
}

func TestBugUnsetVariableStaysInPlace(t *testing.T) {
	_, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: acme:v10, requests: {headers: {X: \"${NOT_SET}\"}}}\n"), options())
	wantFinding(t, ds, "variable NOT_SET is not set")
}
