package operate

import (
	"encoding/json"
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// Trigger serves POST /action/trigger, by which Nango's clients do an action: it is an
// operation under another address.
func (o *Operations) Trigger(w *answer.Writer) {
	key := o.Guard.Admit(w, apikey.ScopeOperations)
	if key == nil {
		return
	}
	h := w.Request.Header
	k := engine.Key{Integration: h.Get("Provider-Config-Key"), ConnectionID: h.Get("Connection-Id")}
	if k.Check() != nil {
		w.Fail(http.StatusBadRequest, "invalid_headers", "the headers Provider-Config-Key and Connection-Id name the integration and the connection")
		return
	}
	w.Connection = k
	if h.Get("X-Async") == "true" {
		w.Fail(http.StatusNotImplemented, "not_implemented", "an operation is done while the caller waits; leave out X-Async")
		return
	}
	var asked struct {
		Name  string          `json:"action_name"`
		Input json.RawMessage `json:"input"`
	}
	if !input.JSON(w, &asked) {
		return
	}
	if asked.Name == "" {
		w.Fail(http.StatusBadRequest, "invalid_body", "action_name is the name of an operation")
		return
	}
	if !o.may(w, key, k, asked.Name) {
		return
	}
	var inputs any
	if len(asked.Input) > 0 {
		inputs = asked.Input
	}
	o.do(w, k, asked.Name, inputs)
}

// A config is what Nango's clients know of an integration.
type config struct {
	ProviderConfigKey string   `json:"providerConfigKey"`
	Provider          string   `json:"provider,omitempty"`
	Syncs             []any    `json:"syncs"`
	Actions           []action `json:"actions"`
	OnEvents          []any    `json:"on-events"`
}

// An action is an operation, as Nango's clients know one.
type action struct {
	Name         string         `json:"name"`
	Type         string         `json:"type"`
	Description  string         `json:"description"`
	Enabled      bool           `json:"enabled"`
	Scopes       []string       `json:"scopes"`
	Returns      []string       `json:"returns"`
	Endpoints    []endpoint     `json:"endpoints"`
	JSONSchema   map[string]any `json:"json_schema"`
	Version      *string        `json:"version"`
	LastDeployed *string        `json:"last_deployed"`
	SDKVersion   *string        `json:"sdk_version"`
	Features     []string       `json:"features"`
}

type endpoint struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// A function is an operation as a model is told of it.
type function struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Parameters  map[string]any `json:"parameters"`
}

// Scripts serves GET /scripts/config: the operations that the key may do, as Nango's
// clients read them, or as functions for a model.
func (o *Operations) Scripts(w *answer.Writer) {
	key := o.Guard.Admit(w, apikey.ScopeOperations)
	if key == nil {
		return
	}
	q, ok := input.Query(w, "format")
	if !ok {
		return
	}
	configs, functions := []config{}, []function{}
	for name, list := range o.reached(key) {
		c := config{ProviderConfigKey: name, Provider: o.provider(name), Syncs: []any{}, Actions: []action{}, OnEvents: []any{}}
		for _, one := range list {
			c.Actions = append(c.Actions, action{
				Name: one.Name, Type: "action", Description: words(one.Operation), Enabled: true, Scopes: []string{}, Returns: []string{}, Features: []string{},
				Endpoints: []endpoint{{http.MethodPost, "/o/" + name + "/{connection}/" + one.Name}}, JSONSchema: inputOf(one.Operation),
			})
			functions = append(functions, function{one.Name, words(one.Operation), inputOf(one.Operation)})
		}
		configs = append(configs, c)
	}
	switch q.Get("format") {
	case "", "nango":
		w.JSON(http.StatusOK, configs)
	case "openai":
		w.JSON(http.StatusOK, map[string]any{"data": functions})
	default:
		w.Fail(http.StatusBadRequest, "invalid_query_params", "format is nango or openai")
	}
}

func (o *Operations) provider(integration string) string {
	if o.Provider == nil {
		return integration
	}
	return o.Provider(integration)
}

// reached yields the integrations that the key reaches, with the operations that it may
// do, both by name.
func (o *Operations) reached(key *apikey.Key) func(yield func(string, []engine.Operation) bool) {
	return func(yield func(string, []engine.Operation) bool) {
		for _, in := range o.Engine.Integrations() {
			if !key.ReachesIntegration(in.Name) {
				continue
			}
			all, _ := o.Engine.Operations(in.Name)
			var may []engine.Operation
			for _, one := range all {
				if key.Does(one.Does()) {
					may = append(may, one)
				}
			}
			if len(may) > 0 && !yield(in.Name, may) {
				return
			}
		}
	}
}

func words(o *schema.Operation) string {
	if o.Description == "" {
		return o.Summary
	}
	return o.Summary + " " + o.Description
}

// inputOf is the JSON Schema of what an operation takes.
func inputOf(o *schema.Operation) map[string]any {
	out := map[string]any{"type": "object", "properties": map[string]any{}, "required": []any{}}
	for name, v := range o.Input {
		out[name] = v
	}
	if o.Pages == nil {
		return out
	}
	properties := map[string]any{"cursor": map[string]any{"type": "string", "description": "Where the list goes on: next_cursor of the page before."}}
	declared, _ := out["properties"].(map[string]any)
	for name, v := range declared {
		properties[name] = v
	}
	out["properties"] = properties
	return out
}
