package server

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
)

// maxAtOnce is how many connections one request may change.
const maxAtOnce = 100

// A metadataBody is that of POST and PATCH /connections/metadata.
type metadataBody struct {
	Metadata    map[string]any  `json:"metadata"`
	Connection  json.RawMessage `json:"connection_id"` // a string, or several
	Integration string          `json:"provider_config_key"`
}

// keys are the connections that are meant.
func (b *metadataBody) keys() ([]engine.Key, error) {
	var ids []string
	var one string
	if json.Unmarshal(b.Connection, &one) == nil {
		ids = []string{one}
	} else if json.Unmarshal(b.Connection, &ids) != nil || len(ids) == 0 || len(ids) > maxAtOnce {
		return nil, errors.New("connection_id must be a string, or a list of 1 to 100")
	}
	var keys []engine.Key
	for _, id := range ids {
		k := engine.Key{Integration: b.Integration, ConnectionID: id}
		if k.Check() != nil {
			return nil, errors.New("provider_config_key and connection_id name nothing that can be a connection")
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// setMetadata is POST /connections/metadata: what is there is replaced.
func (s *Server) setMetadata(x *exchange) {
	s.changeMetadata(x, http.StatusCreated, func(_, given map[string]any) map[string]any { return given })
}

// mergeMetadata is PATCH /connections/metadata: members that are given replace those that
// are there, and the others stay.
func (s *Server) mergeMetadata(x *exchange) {
	s.changeMetadata(x, http.StatusOK, func(old, given map[string]any) map[string]any {
		merged := map[string]any{}
		maps.Copy(merged, old)
		maps.Copy(merged, given)
		return merged
	})
}

func (s *Server) changeMetadata(x *exchange, status int, change func(old, given map[string]any) map[string]any) {
	key := s.caller(x, ScopeConnect)
	if key == nil {
		return
	}
	var body metadataBody
	if _, ok := checkQuery(x); !ok || !s.readJSON(x, &body) {
		return
	}
	keys, err := body.keys()
	if err == nil && body.Metadata == nil {
		err = errors.New("metadata is missing; it is an object")
	}
	if err != nil {
		x.fail(http.StatusBadRequest, "invalid_body", err.Error())
		return
	}
	x.conn = keys[0]
	for _, k := range keys { // all of them, before anything changes
		if !s.reach(x, key, k) {
			return
		}
	}
	for _, k := range keys {
		if _, err := s.engine.Connection(x.r.Context(), k); err != nil {
			s.failedOn(x, err)
			return
		}
	}
	for _, k := range keys {
		_, err := s.engine.Annotate(x.r.Context(), k, func(c *engine.Connection) error {
			c.Metadata = change(c.Metadata, body.Metadata)
			return nil
		})
		if err != nil {
			s.failedOn(x, err)
			return
		}
	}
	x.json(status, body)
}

// failedOn answers with an error about a connection that a body names; Nango's clients
// know the absence of one by another code than elsewhere.
func (s *Server) failedOn(x *exchange, err error) {
	if engine.ErrorKind(err) == engine.KindNotFound {
		x.fail(http.StatusNotFound, "unknown_connection", "there is no such connection")
		return
	}
	x.failed(err)
}

// A patchBody is that of PATCH /connections/{id}. What is absent stays.
type patchBody struct {
	EndUser *json.RawMessage   `json:"end_user"` // null takes it away
	Tags    *map[string]string `json:"tags"`
	Webhook *string            `json:"webhook_url_override"`
}

// UnmarshalJSON tells null from absent.
func (b *patchBody) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for name, v := range members {
		var err error
		switch name {
		case "end_user":
			b.EndUser = &v
		case "tags":
			err = json.Unmarshal(v, &b.Tags)
		case "webhook_url_override":
			err = json.Unmarshal(v, &b.Webhook)
		default:
			err = errors.New("unknown member")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// patchConnection is PATCH /connections/{id}.
func (s *Server) patchConnection(x *exchange) {
	key := s.caller(x, ScopeConnect)
	if key == nil {
		return
	}
	q, ok := checkQuery(x, "provider_config_key")
	if !ok {
		return
	}
	k, ok := s.connectionAt(x, q)
	if !ok || !s.reach(x, key, k) {
		return
	}
	var body patchBody
	if !s.readJSON(x, &body) {
		return
	}
	change, err := body.change()
	if err != nil {
		x.fail(http.StatusBadRequest, "invalid_body", err.Error())
		return
	}
	if _, err := s.engine.Annotate(x.r.Context(), k, change); err != nil {
		x.failed(err)
		return
	}
	x.json(http.StatusOK, map[string]any{"success": true})
}

// change is what is to be done to the connection. Tags that are given replace those that
// are there; an end user replaces the one that is there.
func (b *patchBody) change() (func(*engine.Connection) error, error) {
	if b.Webhook != nil && *b.Webhook != "" {
		return nil, errWebhookOverride
	}
	var user *endUser
	if b.EndUser != nil && decodeStrictly(*b.EndUser, &user) != nil {
		return nil, errors.New("end_user has the members id, email, display_name and tags")
	}
	userTags, err := tagsOf(user, nil, nil)
	if err != nil {
		return nil, err
	}
	var given map[string]string
	if b.Tags != nil {
		if given, err = lowered(*b.Tags); err != nil {
			return nil, err
		}
	}
	return func(c *engine.Connection) error {
		tags := map[string]string{}
		maps.Copy(tags, c.Tags)
		if b.EndUser != nil {
			for _, name := range []string{tagUserID, tagUserEmail, tagUserName} {
				delete(tags, name)
			}
		}
		if b.Tags != nil {
			tags = maps.Clone(given)
		}
		maps.Copy(tags, userTags)
		if err := checkTags(tags); err != nil {
			return err
		}
		c.Tags = tags
		return nil
	}, nil
}
