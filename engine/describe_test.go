package engine_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// describeModes has an integration of each mode, and what a form for it says: names in
// their order, ! for what must be given, * for a secret, ? for a choice.
var describeModes = map[schema.AuthMode]struct{ yaml, want string }{
	schema.OAuth2: {`oauth_client_id: app, oauth_client_secret: hush, oauth_scopes: [], auth: {auth_mode: OAUTH2, authorization_url: https://quay.test/a, token_url: https://quay.test/t},
		connection: {zone: {from: user}, berth: {from: request, request: {path: /b}, list: {value: id}}, area: {from: user, optional: true}, team: {from: token_response}}`,
		"consent zone! area berth?"},
	schema.MCPOAuth2: {`auth: {auth_mode: MCP_OAUTH2}, requests: {base_url: https://quay.test, headers: {Authorization: "Bearer ${access_token}"}}`, "consent"},
	schema.OAuth2CC:  {`auth: {auth_mode: OAUTH2_CC, token_url: https://quay.test/t}`, "client_id! client_secret!*"},
	schema.TwoStep: {`auth: {auth_mode: TWO_STEP, token_url: https://quay.test/t, token_params: {u: "${credentials.user}", p: "${credentials.pass}"}}, credentials: {user: {}, pass: {secret: true}}`,
		"user! pass!*"},
	schema.SignedJWT:        {`auth: {auth_mode: JWT, jwt: {algorithm: HS256, key: "${credentials.key}"}}, credentials: {key: {secret: true}}`, "key!*"},
	schema.App:              {`oauth_client_id: app, auth: {auth_mode: APP, token_url: "https://quay.test/${connection.installation}", jwt: {algorithm: HS256}}, oauth_private_key: hush, connection: {installation: {from: user, format: integer}}`, "installation!"},
	schema.OAuth1:           {`oauth_client_id: app, oauth_client_secret: hush, oauth_scopes: '', auth: {auth_mode: OAUTH1, signature_method: HMAC-SHA1, authorization_url: https://quay.test/a, token_url: https://quay.test/t, request_url: https://quay.test/r}`, "consent"},
	schema.TBA:              {`oauth_client_id: app, oauth_client_secret: hush, auth: {auth_mode: TBA}, connection: {account: {from: user}}`, "account! token_id! token_secret!*"},
	schema.AWSSigV4:         {`auth: {auth_mode: AWS_SIGV4, aws: {service: quay, region: eu}}`, "access_key_id! secret_access_key!* session_token*"},
	schema.Signature:        {`auth: {auth_mode: SIGNATURE, signature: {headers: {X-Signed: "${hex(sha1(credentials.key, credentials.id))}"}}}, credentials: {key: {secret: true}, id: {}}`, "username! password!* key!* id!"},
	schema.APIKey:           {`auth: {auth_mode: API_KEY}, credentials: {site: {default: north}, api_key: {pattern: "k-.+"}}`, "api_key!* site"},
	schema.UsernamePassword: {`auth: {auth_mode: USERNAME_PASSWORD}, credentials: {password: {optional: true}}`, "username! password*"},
	schema.NoAuth:           {`auth: {auth_mode: NONE}, connection: {zone: {from: user, enum: [a, b], default: a}}`, "zone"},
}

func described(t *testing.T, yaml string) *engine.Description {
	t.Helper()
	if !strings.Contains(yaml, "requests:") {
		yaml += ", requests: {base_url: https://quay.test}"
	}
	cfg, diags := loader.LoadBytes(t.Context(), "c.yaml", []byte("integrations:\n    quay: {"+yaml+"}\n"), nil)
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	e, err := engine.New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := e.Describe("quay")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Of each mode a host's form gets what the user must bring, in the order of the file.
func TestDescribeModes(t *testing.T) {
	var definitions struct {
		Defs struct {
			Auth struct {
				Properties struct {
					AuthMode struct{ Enum []schema.AuthMode } `json:"auth_mode"`
				}
			}
		} `json:"$defs"`
	}
	b, err := os.ReadFile("../schema/definitions.json")
	if err != nil || json.Unmarshal(b, &definitions) != nil {
		t.Fatal(err)
	}
	for _, mode := range definitions.Defs.Auth.Properties.AuthMode.Enum {
		tt, ok := describeModes[mode]
		if !ok {
			t.Errorf("%s is described nowhere", mode)
			continue
		}
		d := described(t, tt.yaml)
		var got []string
		if d.Consent {
			got = append(got, "consent")
		}
		for _, f := range d.Fields {
			text := f.Name
			if !f.Optional && f.Default == "" {
				text += "!"
			}
			if f.Secret {
				text += "*"
			}
			got = append(got, text)
		}
		for _, f := range d.Choices {
			got = append(got, f.Name+"?")
		}
		if strings.Join(got, " ") != tt.want || d.AuthMode != mode {
			t.Errorf("%s: got %q, want %q", mode, strings.Join(got, " "), tt.want)
		}
	}
}

// As JSON it is all that a form needs, and the default of a secret stays behind.
func TestDescribeAsJSON(t *testing.T) {
	d := described(t, `auth: {auth_mode: API_KEY}, credentials: {api_key: {default: seeded-key}},
		connection: {zone: {from: user, title: Zone, description: Where it is., enum: [n, s], default: n, example: s}, site: {from: request, title: Site, request: {path: /sites}, list: {value: id}}}`)
	b, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "integration": "quay",
 "display_name": "quay",
 "auth_mode": "API_KEY",
 "consent": false,
 "fields": [
  {
   "name": "zone",
   "title": "Zone",
   "description": "Where it is.",
   "enum": [
    "n",
    "s"
   ],
   "example": "s",
   "default": "n"
  },
  {
   "name": "api_key",
   "credential": true,
   "title": "API key",
   "optional": true,
   "secret": true
  }
 ],
 "choices": [
  {
   "name": "site",
   "choice": true,
   "title": "Site"
  }
 ]
}`
	if string(b) != want {
		t.Errorf("got %s", b)
	}
	if fmt.Sprint(d.Fields[1].Default) != "seeded-key" {
		t.Error("the engine itself has lost the default")
	}
}
