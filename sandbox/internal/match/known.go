package match

import (
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

func (j *Judge) Configured(name string) bool {
	switch name {
	case "oauth_client_id":
		return j.Integration.OAuthClientID != ""
	case "oauth_client_secret":
		return j.Integration.OAuthClientSecret.IsSet()
	}
	return j.Integration.AppAPIKey.IsSet()
}

// A jwtForm is auth.jwt with its templates compiled.
type jwtForm struct {
	*schema.JWT
	Header, Payload []Declared
	key             schema.Template
}

func compileJWT(j *schema.JWT) (f *jwtForm, err error) {
	if j == nil {
		return nil, nil
	}
	f = &jwtForm{JWT: j}
	if f.Header, err = CompileTree(j.Header); err != nil {
		return nil, err
	}
	if f.Payload, err = CompileTree(j.Payload); err != nil {
		return nil, err
	}
	f.key, err = schema.ParseTemplate(j.SigningKey())
	return f, err
}

// SigningKey returns the key that the client has: the integration's own, or the example
// of what a user would type.
func (j *Judge) SigningKey() (any, error) {
	var b strings.Builder
	for _, part := range j.JWT.key.Parts {
		b.WriteString(part.Literal)
		if part.Refs != nil {
			b.WriteString(j.known(part.Refs[0]))
		}
	}
	return signingkey.Parse(j.JWT.Algorithm, j.JWT.KeyEncoding, b.String())
}

// known returns what a placeholder stands for, as far as the sandbox can know.
func (j *Judge) known(ref schema.Ref) string {
	switch ref.Name {
	case "":
		return ref.Literal
	case "oauth_client_id":
		return j.Integration.OAuthClientID
	case "oauth_client_secret":
		return j.Integration.OAuthClientSecret.Reveal()
	case "oauth_private_key":
		return j.Integration.OAuthPrivateKey.Reveal()
	case "app_api_key":
		return j.Integration.AppAPIKey.Reveal()
	}
	namespace, field, _ := strings.Cut(ref.Name, ".")
	if namespace == "connection" {
		return ExampleOf(field, j.Integration.Connection[field].Field)
	}
	return ExampleOf(field, j.Integration.Credentials[field])
}

// IsClient and IsSecret accept anything but nothing where the file has no value: the host
// brings its own app then, or each connection does, in fields that may say more.
func (j *Judge) IsClient(id string) bool {
	want := j.Integration.OAuthClientID
	return id != "" && (want == "" && FitsField(j.Integration.Credentials["client_id"], id) || want != "" && message.Same(id, want))
}

func (j *Judge) IsSecret(secret string) bool {
	want := j.Integration.OAuthClientSecret
	return !want.IsSet() && FitsField(j.Integration.Credentials["client_secret"], secret) || want.IsSet() && message.Same(secret, want.Reveal())
}
