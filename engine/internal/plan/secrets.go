package plan

import (
	"slices"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
)

// Secrets returns all that a request of c's may hold and nobody is to see, by value:
// wherever it shows, it is masked. A nil c has none.
func (in *Integration) Secrets(c *connection.Connection) []string {
	list := slices.Clone(in.own)
	add := func(secrets ...schema.Secret) {
		for _, s := range secrets {
			if !s.Empty() {
				list = append(list, s.Reveal())
			}
		}
	}
	add(in.OAuthClientSecret, in.OAuthClientSecretPrevious, in.OAuthPrivateKey, in.AppAPIKey)
	if c == nil {
		return list
	}
	cr := &c.Credentials
	add(cr.Token.AccessToken, cr.Token.TokenSecret, cr.Token.RefreshToken, cr.APIKey, cr.Username, cr.Password, cr.Registration.ClientSecret)
	for _, t := range cr.Token.Secondary {
		add(t.AccessToken, t.RefreshToken)
	}
	for name, s := range cr.Fields {
		if name != "client_id" { // stands in the browser's address bar
			add(s)
		}
	}
	return list
}

// ownSecrets returns what of the file itself nobody is to see, other than what the
// schema calls a secret: what variables have put into addresses, the defaults of secret
// fields.
func ownSecrets(in *schema.Integration) (list []string) {
	for _, v := range in.Values {
		for _, s := range v.Supplied {
			list = append(list, s.Reveal())
		}
	}
	for _, f := range in.Connection {
		if f.Secret && f.Default != "" {
			list = append(list, f.Default)
		}
	}
	return list
}
