package mode_test

import (
	"slices"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

func newMode(t *testing.T, in *schema.Integration) (mode.Mode, *plan.Integration) {
	t.Helper()
	in.Name = "fjord"
	p, err := plan.New(in)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	return mode.New(&mode.Env{In: p, Now: now, Token: &token.Endpoint{In: p, Now: now}}), p
}

// integrationOf returns as much of an integration as its mode must have.
func integrationOf(name schema.AuthMode) *schema.Integration {
	in := &schema.Integration{OAuthClientID: "id", OAuthClientSecret: schema.NewSecret("secret")}
	in.Auth = schema.Auth{AuthMode: name, TokenURL: "https://fjord.test/token"}
	switch name {
	case schema.AWSSigV4:
		in.Auth.AWS = &schema.AWS{Service: "s3", Region: "eu-north-1"}
	case schema.Signature:
		in.Auth.RequestSignature = &schema.RequestSignature{Headers: map[string]string{"X-Signature": "${password}"}}
	}
	return in
}

// What a mode can do is what the table of modes says of it: whoever adds a row and
// forgets the code, or the other way round, is told here.
func TestModesDoWhatTheTableSays(t *testing.T) {
	for _, row := range schema.Modes {
		m, in := newMode(t, integrationOf(row.Name))
		_, consents := m.(mode.Consenter)
		if want := row.Consent != schema.NoConsent; consents != want {
			t.Errorf("%s: sends users to a page: %t, want %t", row.Name, consents, want)
		}
		_, issues := m.(mode.Issuer)
		if want := row.Token == schema.TokenIssued; issues != want {
			t.Errorf("%s: issues tokens: %t, want %t", row.Name, issues, want)
		}
		if got, want := mode.SignerOf(m, in) != nil, row.Signing != schema.NoSigning; got != want {
			t.Errorf("%s: signs: %t, want %t", row.Name, got, want)
		}
		if s, ok := m.(mode.Signer); ok && len(s.SignedWith()) == 0 {
			t.Errorf("%s: signs with nothing that errors must not show", row.Name)
		}
		c := &connection.Connection{Credentials: connection.Credentials{Type: row.Name, Token: connection.Token{AccessToken: schema.NewSecret("a"), RefreshToken: schema.NewSecret("r")}}}
		c.Credentials.Registration.TokenEndpoint = "https://found.test/token"
		if got, want := m.Renewable(c), row.Token != schema.NoToken; got != want {
			t.Errorf("%s: renewable: %t, want %t", row.Name, got, want)
		}
		c.Credentials.Type = "OTHER"
		if m.Renewable(c) {
			t.Errorf("%s: renews a connection of another mode", row.Name)
		}
		if _, err := m.Accept("connect", connection.Key{}, connection.Credentials{}); (fault.KindOf(err) == fault.KindClient) != consents || err != nil && !consents {
			t.Errorf("%s: given nothing it says %v", row.Name, err)
		}
	}
}

// A mode that nothing is known of accepts no connection, and renews none.
func TestUnknownMode(t *testing.T) {
	m, _ := newMode(t, integrationOf("LATER"))
	if _, err := m.Accept("connect", connection.Key{}, connection.Credentials{}); fault.KindOf(err) != fault.KindUnsupported {
		t.Errorf("got %v", err)
	}
	if m.Renewable(&connection.Connection{Credentials: connection.Credentials{Type: "LATER"}}) {
		t.Error("it renews")
	}
}

// A role is a key that ends, for which another is got like the first.
func TestRoleIssues(t *testing.T) {
	in := integrationOf(schema.AWSSigV4)
	in.Auth.AWS.AssumeRole = &schema.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/reader", URL: "https://sts.test"}
	m, _ := newMode(t, in)
	if _, ok := m.(mode.Issuer); !ok || !m.Renewable(&connection.Connection{Credentials: connection.Credentials{Type: schema.AWSSigV4}}) {
		t.Error("a role does not issue")
	}
	if s := m.(mode.Signer); !slices.Contains(s.SignedWith(), "token.session") {
		t.Errorf("signs with %q", s.SignedWith())
	}
}
