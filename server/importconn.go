package server

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// An importedConnection is the body of POST /connections: a grant that was made
// elsewhere.
type importedConnection struct {
	Integration  string                     `json:"provider_config_key"`
	ConnectionID string                     `json:"connection_id"`
	Credentials  map[string]json.RawMessage `json:"credentials"`
	Config       map[string]any             `json:"connection_config"`
	Metadata     map[string]any             `json:"metadata"`
	EndUser      *endUser                   `json:"end_user"`
	Tags         map[string]string          `json:"tags"`
	Webhook      *string                    `json:"webhook_url_override"`
}

// errWebhookOverride is why no connection has a webhook URL of its own.
var errWebhookOverride = errors.New("webhook_url_override is not taken: webhooks go where the operator says")

// importConnection is POST /connections.
func (s *Server) importConnection(x *exchange) {
	key := s.caller(x, ScopeConnect)
	if key == nil {
		return
	}
	var in importedConnection
	if _, ok := checkQuery(x); !ok || !s.readJSON(x, &in) {
		return
	}
	if in.ConnectionID == "" {
		in.ConnectionID = newID()
	}
	k := engine.Key{Integration: in.Integration, ConnectionID: in.ConnectionID}
	if k.Check() != nil {
		x.fail(http.StatusBadRequest, "invalid_body", "provider_config_key is missing, or connection_id names nothing that can be a connection")
		return
	}
	x.conn = k
	if !s.reach(x, key, k) {
		return
	}
	mode, ok := s.modeOf(in.Integration)
	if !ok {
		x.fail(http.StatusBadRequest, "unknown_provider_config", "there is no such integration in the file")
		return
	}
	opts, given, err := in.read(mode)
	if err != nil {
		x.fail(http.StatusBadRequest, "invalid_body", err.Error())
		return
	}
	c, err := s.engine.Connect(x.by(), k, given, opts)
	if engine.ErrorKind(err) == engine.KindClient { // here it is the caller's to mend
		x.fail(http.StatusBadRequest, "invalid_body", err.Error())
		return
	}
	if err != nil {
		x.failed(err)
		return
	}
	s.showIt(x, http.StatusCreated, c, key.May(ScopeToken), false)
}

// newID is a connection id that nobody has chosen, in the form of a UUID (RFC 9562, 5.4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s *Server) modeOf(integration string) (schema.AuthMode, bool) {
	for _, in := range s.engine.Integrations() {
		if in.Name == integration {
			return in.Auth.AuthMode, true
		}
	}
	return "", false
}

// read returns what the engine is to store. The error quotes no value.
func (in *importedConnection) read(mode schema.AuthMode) (*engine.ConnectOptions, engine.Credentials, error) {
	var none engine.Credentials
	if in.Webhook != nil && *in.Webhook != "" {
		return nil, none, errWebhookOverride
	}
	opts := &engine.ConnectOptions{Imported: true, Metadata: in.Metadata, Fields: map[string]string{}}
	var err error
	if in.EndUser != nil || in.Tags != nil {
		if opts.Tags, err = tagsOf(in.EndUser, nil, in.Tags); err != nil {
			return nil, none, err
		}
	}
	for name, v := range in.Config {
		text, ok := v.(string)
		if !ok {
			return nil, none, errors.New("the values of connection_config must be strings")
		}
		opts.Fields[name] = text
	}
	given, err := readCredentials(mode, in.Credentials)
	return opts, given, err
}

// readCredentials reads what [credentialsOf] writes.
func readCredentials(mode schema.AuthMode, members map[string]json.RawMessage) (engine.Credentials, error) {
	var c engine.Credentials
	texts := map[string]string{}
	for name, raw := range members {
		var text *string
		switch {
		case name == "raw" || name == "config_override":
			continue
		case json.Unmarshal(raw, &text) != nil:
			return c, fmt.Errorf("the member %.40q of credentials must be a string", name)
		case text != nil:
			texts[name] = *text
		}
	}
	if texts["type"] != credentialType(mode) {
		return c, fmt.Errorf("credentials.type must be %s, as the integration has it", credentialType(mode))
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
		take("token") // the engine gets one of its own with the rest
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
	return overridden(c, texts, members["config_override"])
}

// overridden puts the rest of the members among the credentials, and the client that the
// connection brings.
func overridden(c engine.Credentials, rest map[string]string, override json.RawMessage) (engine.Credentials, error) {
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
