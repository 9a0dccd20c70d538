package schema_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

// The table has a row for each mode that a file may name, in the order in which an
// editor offers them.
func TestModesAreThoseOfTheFormat(t *testing.T) {
	defs := definitions(t)
	enum := defs["auth"].(object)["properties"].(object)["auth_mode"].(object)["enum"].([]any)
	var want, got []string
	for _, name := range enum {
		want = append(want, name.(string))
	}
	for _, m := range schema.Modes {
		got = append(got, string(m.Name))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if schema.AuthMode("OTHER").Known() || schema.AuthMode("").Known() || !schema.NoAuth.Known() {
		t.Error("Known is wrong")
	}
}

// What the columns of a row say goes together.
func TestModesHoldTogether(t *testing.T) {
	titles := map[string]bool{}
	auth := definitions(t)["auth"].(object)["properties"].(object)
	for _, m := range schema.Modes {
		if m.Title == "" || m.For == "" || titles[m.Title] {
			t.Errorf("%s: title %q, for %q: want a title of its own and a use", m.Name, m.Title, m.For)
		}
		titles[m.Title] = true
		header, err := schema.ParseTemplate(m.Authorization)
		if err != nil {
			t.Errorf("%s: Authorization: %v", m.Name, err)
		}
		for _, name := range header.Refs() {
			if !slices.Contains(m.Sends, name) {
				t.Errorf("%s: its header sends ${%s}, which is not among what it sends", m.Name, name)
			}
		}
		for _, name := range m.Sends {
			if name != "credentials.*" && !m.Fills(name) {
				t.Errorf("%s: sends ${%s}, which it does not fill", m.Name, name)
			}
		}
		for _, name := range m.Placeholders {
			namespace, isNamespace := strings.CutSuffix(name, ".*")
			if _, ok := schema.PlaceholderNames[name]; !ok && !(isNamespace && slices.Contains(schema.Namespaces, namespace)) {
				t.Errorf("%s: there is no placeholder ${%s}", m.Name, name)
			}
		}
		for _, key := range m.Endpoints {
			endpoint, _ := auth[key].(object)
			if modes, _ := endpoint["x-modes"].([]any); !slices.Contains(modes, any(string(m.Name))) {
				t.Errorf("%s: %s is not a key of it", m.Name, key)
			}
		}
		if m.Token != schema.NoToken && !m.Fills("access_token") {
			t.Errorf("%s: its token has no placeholder", m.Name)
		}
		if signs := m.Signing == schema.SignsOAuth1 || m.Signing == schema.SignsAWS; signs != (len(m.SignatureHeaders) > 0) {
			t.Errorf("%s: signs %q and adds %v", m.Name, m.Signing, m.SignatureHeaders)
		}
		if m.Name != schema.NoAuth && len(m.Sends) == 0 && m.Signing == schema.NoSigning {
			t.Errorf("%s: nothing is sent and nothing signed", m.Name)
		}
	}
}

// What a mode keeps secret is so wherever it is declared; what else it says of its
// credentials holds in the mode alone.
func TestOwnField(t *testing.T) {
	aws := &schema.Auth{AuthMode: schema.AWSSigV4}
	if f := aws.OwnField("session_token", schema.Field{}); !f.Secret || !f.Optional || f.Pattern != `\S+` {
		t.Errorf("session_token of AWS_SIGV4: %+v", f)
	}
	if f := aws.OwnField("access_key_id", schema.Field{Pattern: "AK.*"}); f.Secret || f.Optional || f.Pattern != "AK.*" {
		t.Errorf("access_key_id of AWS_SIGV4: %+v", f)
	}
	oauth2 := &schema.Auth{AuthMode: schema.OAuth2}
	for name, secret := range map[string]bool{"client_secret": true, "api_key": true, "password": true, "token_secret": true, "secret_access_key": true, "client_id": false, "username": false, "region": false} {
		if f := oauth2.OwnField(name, schema.Field{}); f.Secret != secret || f.Optional || f.Pattern != "" {
			t.Errorf("%s declared under OAUTH2: %+v, want secret %v", name, f, secret)
		}
	}
}
