package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// Read returns the credentials that members are, for a connection of the auth mode. The
// error quotes no value.
func Read(mode schema.AuthMode, members map[string]json.RawMessage) (engine.Credentials, error) {
	var c engine.Credentials
	texts, err := textsOf(members)
	if err != nil {
		return c, err
	}
	if texts["type"] != Type(mode) {
		return c, fmt.Errorf("credentials.type must be %s, as the integration has it", Type(mode))
	}
	delete(texts, "type")
	take := func(name string) (v schema.Secret) {
		if text, ok := texts[name]; ok {
			v = schema.NewSecret(text)
			delete(texts, name)
		}
		return v
	}
	switch mode {
	case schema.OAuth2, schema.MCPOAuth2:
		c.Token.AccessToken, c.Token.RefreshToken = take("access_token"), take("refresh_token")
	case schema.OAuth1:
		c.Token.AccessToken, c.Token.TokenSecret = take("oauth_token"), take("oauth_token_secret")
	case schema.APIKey:
		c.APIKey = take("apiKey")
	case schema.UsernamePassword:
		c.Username, c.Password = take("username"), take("password")
	default:
		take("token") // the engine obtains a new one with the other credentials
		c.Username, c.Password = take("username"), take("password")
	}
	if text := take("expires_at").Reveal(); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return c, errors.New("credentials.expires_at must be a time as RFC 3339 writes it")
		}
		if c.Token.AccessToken.IsSet() {
			c.Token.ExpiresAt = at
		}
	}
	if raw, ok := members["raw"]; ok && c.Token.AccessToken.IsSet() && len(raw) > 0 && raw[0] == '{' {
		c.Token.Raw = schema.NewSecret(string(raw))
	}
	return addRest(c, texts, members["config_override"])
}

// textsOf returns the members that are texts, but for those that have a shape of their own.
func textsOf(members map[string]json.RawMessage) (map[string]string, error) {
	texts := map[string]string{}
	for name, raw := range members {
		var text *string
		switch {
		case name == "raw" || name == "config_override":
			continue
		case json.Unmarshal(raw, &text) != nil:
			return nil, fmt.Errorf("the member %.40q of credentials must be a string", name)
		case text != nil:
			texts[name] = *text
		}
	}
	return texts, nil
}

// addRest puts the rest of the members among the credentials, and the OAuth client that the
// connection brings of its own.
func addRest(c engine.Credentials, rest map[string]string, override json.RawMessage) (engine.Credentials, error) {
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if len(override) > 0 && string(override) != "null" && json.Unmarshal(override, &client) != nil {
		return c, errors.New("credentials.config_override must hold client_id and client_secret")
	}
	if client.ID != "" {
		rest["client_id"], rest["client_secret"] = client.ID, client.Secret
	}
	for name, v := range rest {
		c.SetField(name, schema.NewSecret(v))
	}
	return c, nil
}
