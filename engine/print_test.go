package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// waysToPrint are how a value gets into a log, or into an answer, by mistake.
var waysToPrint = map[string]func(any) string{
	"%v": func(v any) string { return fmt.Sprintf("%v", v) }, "%+v": func(v any) string { return fmt.Sprintf("%+v", v) },
	"%#v": func(v any) string { return fmt.Sprintf("%#v", v) }, "%s": func(v any) string { return fmt.Sprintf("%s", v) },
	"%q": func(v any) string { return fmt.Sprintf("%q", v) }, "%x": func(v any) string { return fmt.Sprintf("%x", v) },
	"JSON": func(v any) string { b, _ := json.Marshal(v); return string(b) },
	"YAML": func(v any) (text string) {
		defer func() { _ = recover() }() // it cannot write functions, and says so
		b, _ := yaml.Marshal(v)
		return string(b)
	},
	"slog in JSON": func(v any) string {
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
		return b.String()
	},
	"slog as text": func(v any) string {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
		return b.String()
	},
}

// A session of a host's: fmt calls no methods of what has no exported name.
type hostSession struct {
	User    string
	Pending engine.Pending
	begun   engine.Pending
	device  engine.DeviceAuth
}

// State and verifier open a flow, a temporary token and a device code a grant: none is
// shown, whichever way what holds them is printed.
func TestS36_PrintedFlowsTellNoSecrets(t *testing.T) {
	in := fjord()
	in.Auth.PKCE = schema.PKCEPlain // the challenge is the verifier
	in.Auth.TokenParams = schema.Tree{"k": "seededParam"}
	in.Requests.Headers["X-Key"] = "seededHeader"
	cfg := &schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}
	e, err := engine.New(cfg, &engine.Options{Transport: &provider{token: answers(`{"access_token":"seededAccess","refresh_token":"seededRefresh","token_type":"bearer","extra":"seededRaw"}`)}})
	if err != nil {
		t.Fatal(err)
	}
	p, q := begin(t, e)
	c, err := e.Exchange(t.Context(), p, url.Values{"code": {"the-code"}, "state": {q.Get("state")}})
	if err != nil {
		t.Fatal(err)
	}
	p.Token, p.TokenSecret = secret("seededTemporary"), secret("seededTokenSecret")
	p.SecretFields = map[string]schema.Secret{"vault": secret("seededField")}
	d := engine.DeviceAuth{Key: alice, DeviceCode: secret("seededDevice"), SecretFields: p.SecretFields}
	s := hostSession{"alice", *p, *p, d}
	secrets := []string{"seeded", fmt.Sprintf("%x", "seeded"), p.State.Reveal(), p.Verifier.Reveal()}
	for what, v := range map[string]any{
		"pending authorization": p, "one by value": *p, "session": s, "pointer to a session": &s, "map": map[string]engine.Pending{"x": *p}, "list": []*engine.Pending{p},
		"device authorization": &d, "one by value, of a device": d, "configuration": cfg, "configuration by value": *cfg, "integration": in, "integration by value": *in,
		"auth": in.Auth, "requests": in.Requests, "connection": c, "connection by value": *c, "credentials": c.Credentials,
		"change": engine.Change{Key: alice, Connection: c}, "options": engine.Options{},
	} {
		for how, print := range waysToPrint {
			out := print(v)
			for _, secret := range secrets {
				if strings.Contains(out, secret) {
					t.Errorf("%s of a %s: %s is in %.300s", how, what, secret, out)
				}
			}
		}
	}
	if got := fmt.Sprint(p, d); got != "pending authorization of fjord/alice pending device authorization of fjord/alice" {
		t.Errorf("got %q", got)
	}
}
