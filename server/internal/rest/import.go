package rest

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/server/internal/credentials"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/server/internal/input"
	"github.com/nango-lite/nango-lite/server/internal/tags"
)

// An importedConnection is the body of POST /connections: a grant that was made
// elsewhere.
type importedConnection struct {
	Integration  string                     `json:"provider_config_key"`
	ConnectionID string                     `json:"connection_id"`
	Credentials  map[string]json.RawMessage `json:"credentials"`
	Config       map[string]any             `json:"connection_config"`
	Metadata     map[string]any             `json:"metadata"`
	EndUser      *tags.EndUser              `json:"end_user"`
	Tags         map[string]string          `json:"tags"`
	Webhook      *string                    `json:"webhook_url_override"`
}

// errWebhookOverride is why no connection has a webhook URL of its own.
var errWebhookOverride = errors.New("webhook_url_override is not taken: webhooks go where the operator says")

// Import is POST /connections.
func (h *Connections) Import(w *answer.Writer) {
	key := h.Guard.Admit(w, apikey.ScopeConnect)
	if key == nil {
		return
	}
	var in importedConnection
	if _, ok := input.Query(w); !ok || !input.JSON(w, &in) {
		return
	}
	if in.ConnectionID == "" {
		in.ConnectionID = ident.UUID()
	}
	k := engine.Key{Integration: in.Integration, ConnectionID: in.ConnectionID}
	if k.Check() != nil {
		w.Fail(http.StatusBadRequest, "invalid_body", "provider_config_key is missing, or connection_id names nothing that can be a connection")
		return
	}
	w.Connection = k
	if !h.Guard.Reaches(w, key, k) {
		return
	}
	mode, ok := h.modeOf(in.Integration)
	if !ok {
		w.Fail(http.StatusBadRequest, "unknown_provider_config", "there is no such integration in the file")
		return
	}
	opts, given, err := in.read(mode)
	if err != nil {
		w.Fail(http.StatusBadRequest, "invalid_body", err.Error())
		return
	}
	c, err := h.Engine.Connect(audit.By(w.Request.Context(), w.APIKey), k, given, opts)
	if engine.ErrorKind(err) == engine.KindClient { // here the caller has given what is wrong
		w.Fail(http.StatusBadRequest, "invalid_body", err.Error())
		return
	}
	if err != nil {
		w.Error(err)
		return
	}
	h.answerWith(w, http.StatusCreated, c, key.May(apikey.ScopeToken), false)
}

func (h *Connections) modeOf(integration string) (schema.AuthMode, bool) {
	for _, in := range h.Engine.Integrations() {
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
		if opts.Tags, err = tags.Of(in.EndUser, nil, in.Tags); err != nil {
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
	given, err := credentials.Read(mode, in.Credentials)
	return opts, given, err
}
