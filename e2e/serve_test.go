package e2e

import (
	"encoding/json"
	"slices"
	"testing"
)

// A brokered is what a program of somebody else's made of an answer.
type brokered struct {
	Token, Type, Refresh string
	Expires              int
	Name, Code, Object   string
	Status, Count        int
}

// Clients that know OAuth 2.0, Nango or Notion, and nothing of us, use the server as
// they are.
func TestUnmodifiedClientsUseTheServer(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	n := install(t, `integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: 5a1d1c2e-8b7e-4a53-a2b5-0c9e7d6f4b31
        oauth_client_secret: secret_Rn7VxQ2k
        oauth_scopes: ''
`)
	server := n.start("--sandbox", "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	url, key := server.line(), server.line()
	out := startNode(t, []string{"URL=" + url, "KEY=" + key}, "serve.mjs").end()
	var saw struct {
		OpenID      struct{ Basic, Post, Wrong, Nobody brokered }
		Simple      struct{ Header, Body, Wrong, Nobody brokered }
		Nango       struct{ Get, Post, Proxy, Decompress, Missing, Nobody, Wrong brokered }
		Connections struct {
			List, None                                          []string
			Get, Refreshed, Token, Raw, Metadata, Removed, Gone brokered
		}
		Path    notionSaw
		Headers notionSaw
	}
	if err := json.Unmarshal([]byte(out.stdout), &saw); err != nil {
		t.Fatalf("exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}

	first := saw.OpenID.Basic
	for name, got := range map[string]brokered{
		"openid-client, basic": first, "openid-client, post": saw.OpenID.Post,
		"simple-oauth2, header": saw.Simple.Header, "simple-oauth2, body": saw.Simple.Body,
	} {
		if got.Token == "" || got.Token != first.Token || got.Type != "bearer" || got.Refresh != "" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	for name, c := range map[string]struct {
		got    brokered
		status int
		code   string
	}{
		"openid-client, wrong key":     {saw.OpenID.Wrong, 401, "OAUTH_WWW_AUTHENTICATE_CHALLENGE"},
		"openid-client, no connection": {saw.OpenID.Nobody, 400, "invalid_grant"},
		"simple-oauth2, wrong key":     {saw.Simple.Wrong, 401, "invalid_client"},
		"simple-oauth2, no connection": {saw.Simple.Nobody, 400, "invalid_grant"},
		"nango, no connection":         {saw.Nango.Nobody, 404, "not_found"},
		"nango, wrong key":             {saw.Nango.Wrong, 401, "unknown_api_key"},
		// The provider's own words: it has no sample for these.
		"nango.post":           {saw.Nango.Post, 404, "object_not_found"},
		"nango.get of nothing": {saw.Nango.Missing, 404, "object_not_found"},
	} {
		if c.got.Status != c.status || c.got.Code != c.code {
			t.Errorf("%s: got %+v, want %d %s", name, c.got, c.status, c.code)
		}
	}
	for name, c := range map[string]struct {
		got    brokered
		object string
		count  int
	}{
		"get": {saw.Nango.Get, "list", 2}, "proxy": {saw.Nango.Proxy, "user", -1}, "decompress": {saw.Nango.Decompress, "list", 3},
	} {
		if c.got.Status != 200 || c.got.Object != c.object || c.count >= 0 && c.got.Count != c.count {
			t.Errorf("nango.%s: got %+v, want a %s of %d", name, c.got, c.object, c.count)
		}
	}
	c := saw.Connections
	if !slices.Equal(c.List, []string{"notion/default"}) || len(c.None) != 0 {
		t.Errorf("nango.listConnections: %q, and of an end user %q", c.List, c.None)
	}
	if c.Get.Token != first.Token || c.Get.Type != "OAUTH2" || c.Get.Code != "default" {
		t.Errorf("nango.getConnection: %+v", c.Get)
	}
	if fresh := c.Refreshed.Token; fresh == "" || fresh == first.Token || c.Refreshed.Refresh == "" || c.Token.Token != fresh || c.Raw.Token != fresh || c.Raw.Refresh != "" {
		t.Errorf("after a refresh: getConnection %+v, getToken %+v, getRawTokenResponse %+v", c.Refreshed, c.Token, c.Raw)
	}
	if c.Metadata.Code != "{}" || c.Removed.Status != 200 || c.Gone.Status != 404 || c.Gone.Code != "not_found" {
		t.Errorf("metadata %+v, removed %+v, gone %+v", c.Metadata, c.Removed, c.Gone)
	}
	for name, got := range map[string]notionSaw{"/c": saw.Path, "/proxy": saw.Headers} {
		if !slices.Equal(got.Names, []string{"Mira Oland", "Jonte Vik", "Harbour Sync"}) {
			t.Errorf("Notion's client through %s: users %q", name, got.Names)
		}
		if got.Missing.Status != 404 || got.Missing.Code != "object_not_found" || !got.Missing.Known {
			t.Errorf("Notion's client through %s understood %+v", name, got.Missing)
		}
	}
}

type notionSaw struct {
	Names   []string
	Missing struct {
		Status int
		Code   string
		Known  bool
	}
}
