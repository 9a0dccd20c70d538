package plan

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// ValuesOf gives placeholders their values from the integration and c.
func (in *Integration) ValuesOf(c *connection.Connection) render.Values {
	return func(name string) (string, bool) { return in.Value(c, name) }
}

// ValuesAt are those of c, with what is generated for one request at a time.
func (in *Integration) ValuesAt(c *connection.Connection, now time.Time) render.Values {
	return new(render.Made).Values(in.ValuesOf(c), func() time.Time { return now })
}

// Value gives a placeholder its value from the integration and c.
func (in *Integration) Value(c *connection.Connection, name string) (string, bool) {
	namespace, rest, dotted := strings.Cut(name, ".")
	if dotted {
		return dottedValue(in, c, namespace, rest)
	}
	cr := &c.Credentials
	switch name {
	case "access_token":
		return reveal(cr.Token.AccessToken)
	case "refresh_token":
		return reveal(cr.Token.RefreshToken)
	case "oauth_token":
		switch cr.Type {
		case schema.OAuth1:
			return reveal(cr.Token.AccessToken)
		case schema.TBA:
			return reveal(cr.Fields["token_id"])
		}
		return "", false
	case "oauth_token_secret":
		if cr.Type == schema.TBA {
			return reveal(cr.Fields["token_secret"])
		}
		return reveal(cr.Token.TokenSecret)
	case "api_key":
		return reveal(cr.APIKey)
	case "app_api_key":
		return reveal(in.AppAPIKey)
	case "oauth_client_id":
		id, _ := in.Client(c)
		return id.Reveal(), !id.Empty()
	case "oauth_client_secret":
		_, secret := in.Client(c)
		return reveal(secret)
	case "oauth_private_key":
		return reveal(in.OAuthPrivateKey)
	case "username":
		return reveal(cr.Username)
	case "password":
		return reveal(cr.Password)
	case "basic_auth_encoded":
		if cr.Type != schema.UsernamePassword {
			return "", false
		}
		return base64.StdEncoding.EncodeToString([]byte(cr.Username.Reveal() + ":" + cr.Password.Reveal())), true
	}
	return "", false
}

func dottedValue(in *Integration, c *connection.Connection, namespace, rest string) (string, bool) {
	switch namespace {
	case "connection":
		if v, ok := c.Fields[rest]; ok {
			return v, true
		}
		if v, ok := c.Credentials.Fields["connection."+rest]; ok {
			return v.Reveal(), true
		}
		f, ok := in.Connection[rest]
		return f.Default, ok && f.Default != ""
	case "credentials":
		return reveal(c.Credentials.Field(rest))
	case "token":
		t, ok := c.Credentials.Token.Secondary[rest]
		return t.AccessToken.Reveal(), ok
	case "raw":
		return c.Credentials.Token.RawValue(rest)
	}
	return "", false
}

// TypedOf gives placeholders the values that JSON has a type for: what a token answer
// said, and fields that are declared to be whole numbers.
func (in *Integration) TypedOf(c *connection.Connection) render.Typed {
	return func(name string) (any, bool) {
		namespace, rest, _ := strings.Cut(name, ".")
		switch namespace {
		case "raw":
			return c.Credentials.Token.RawJSON(rest)
		case "connection", "credentials":
			if in.FormatOf(name) != "integer" {
				return nil, false
			}
			text, ok := in.Value(c, name)
			if n, err := strconv.ParseInt(text, 10, 64); ok && err == nil {
				return n, true
			}
		}
		return nil, false
	}
}

func reveal(s schema.Secret) (string, bool) { return s.Reveal(), s.IsSet() }

// FormatOf returns the declared format of a placeholder.
func (in *Integration) FormatOf(name string) string {
	namespace, field, _ := strings.Cut(name, ".")
	switch namespace {
	case "connection":
		return in.Connection[field].Format
	case "credentials":
		return in.Credentials[field].Format
	}
	return ""
}
