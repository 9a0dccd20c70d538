package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// maxAtOnce is how many connections one request may change.
const maxAtOnce = 100

// A metadataBody is that of POST and PATCH /connections/metadata.
type metadataBody struct {
	Metadata    map[string]any  `json:"metadata"`
	Connection  json.RawMessage `json:"connection_id"` // a string, or several
	Integration string          `json:"provider_config_key"`
}

// keys returns the connections that the body names.
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

// SetMetadata is POST /connections/metadata: what is there is replaced.
func (h *Connections) SetMetadata(w *answer.Writer) {
	h.changeMetadata(w, http.StatusCreated, func(_, given map[string]any) map[string]any { return given })
}

// MergeMetadata is PATCH /connections/metadata: members that are given replace those that
// are there, and the others stay.
func (h *Connections) MergeMetadata(w *answer.Writer) {
	h.changeMetadata(w, http.StatusOK, func(old, given map[string]any) map[string]any {
		merged := map[string]any{}
		maps.Copy(merged, old)
		maps.Copy(merged, given)
		return merged
	})
}

func (h *Connections) changeMetadata(w *answer.Writer, status int, change func(old, given map[string]any) map[string]any) {
	key := h.Guard.Admit(w, apikey.ScopeConnect)
	if key == nil {
		return
	}
	var body metadataBody
	if _, ok := input.Query(w); !ok || !input.JSON(w, &body) {
		return
	}
	keys, err := body.keys()
	if err == nil && body.Metadata == nil {
		err = errors.New("metadata is missing; it is an object")
	}
	if err != nil {
		w.Fail(http.StatusBadRequest, "invalid_body", err.Error())
		return
	}
	w.Connection = keys[0]
	for _, k := range keys { // all of them, before anything changes
		if !h.Guard.Reaches(w, key, k) {
			return
		}
	}
	for _, k := range keys {
		if _, err := h.Engine.Connection(w.Request.Context(), k); err != nil {
			failMetadata(w, err)
			return
		}
	}
	for _, k := range keys {
		_, err := h.Engine.Annotate(w.Request.Context(), k, func(c *engine.Connection) error {
			c.Metadata = change(c.Metadata, body.Metadata)
			return nil
		})
		if err != nil {
			failMetadata(w, err)
			return
		}
	}
	w.JSON(status, body)
}

// failMetadata answers with an error about one of the connections. Nango's clients expect
// another code here than elsewhere if there is no such connection.
func failMetadata(w *answer.Writer, err error) {
	if engine.ErrorKind(err) == engine.KindNotFound {
		w.Fail(http.StatusNotFound, "unknown_connection", "there is no such connection")
		return
	}
	w.Error(err)
}
