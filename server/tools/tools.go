// Package tools offers the declared operations of connections to agents, as tools of the
// Model Context Protocol. What only reads is offered; what writes, if it is allowed. No
// credential is in a tool, an argument or a result: they are added below the engine.
// Start with [New].
package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	// DefaultMaxTools is how many operations are tools of their own; of more there are
	// search_operations and call_operation in their place.
	DefaultMaxTools = 40

	// DefaultMaxResult is how many bytes of a result a model is given.
	DefaultMaxResult = 32 << 10
)

// An Offer is a connection whose operations are offered, and the engine that has it.
type Offer struct {
	Engine      *engine.Engine
	Integration *schema.Integration
	Key         engine.Key

	// Others, if not nil, reports whether another connection of the integration may be
	// named, beside those that are offered. Then each call has to name one, and Key may
	// be without an id.
	Others func(engine.Key) bool
}

// Options say what is offered. Only Offers is required.
type Options struct {
	Offers []Offer

	// Effects are those of the operations that are offered. None: what only reads.
	Effects []schema.Effect

	// Link returns an address where a person makes a connection that is missing or dead.
	// A client that can is asked to open it; others are told. If nil, or if it returns
	// "", Connect is told.
	Link func(context.Context, engine.Key) string

	// Connect says in words how such a connection is made. If nil, it is only said that
	// it has to be.
	Connect func(engine.Key) string

	// AnyHost takes HTTP requests for any host. Otherwise those that reach an address of
	// this machine have to name it, so that no page of another origin can pass for one.
	AnyHost bool

	Version   string // of the program
	MaxTools  int    // 0: DefaultMaxTools
	MaxResult int    // bytes; 0: DefaultMaxResult
}

// New returns a server of the protocol. It is safe for concurrent use.
func New(o Options) *mcp.Server {
	if o.MaxTools == 0 {
		o.MaxTools = DefaultMaxTools
	}
	if o.MaxResult == 0 {
		o.MaxResult = DefaultMaxResult
	}
	if len(o.Effects) == 0 {
		o.Effects = []schema.Effect{schema.EffectRead}
	}
	s := mcp.NewServer(&mcp.Implementation{Name: "nango-lite", Version: o.Version}, &mcp.ServerOptions{
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}},
		SetCacheable: func(_ context.Context, _ mcp.Request, c *mcp.Cacheable) { c.CacheScope = "private" }, // it is of whom it was offered to
	})
	b := &box{Options: o}
	all := b.tools()
	if len(all) > o.MaxTools {
		b.pair(s, all)
		return s
	}
	for _, t := range all {
		s.AddTool(t.describe(), func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			var arguments map[string]json.RawMessage
			if err := json.Unmarshal(orEmpty(r.Params.Arguments), &arguments); err != nil {
				return failure("the arguments are not an object"), nil
			}
			return b.call(ctx, r, t, arguments), nil
		})
	}
	return s
}

// A box makes tools.
type box struct{ Options }

// A tool is an operation of one or several connections of an integration.
type tool struct {
	name      string
	operation string
	*schema.Operation
	offers []Offer // of one integration
}

// tools returns what is offered, by name.
func (b *box) tools() []*tool {
	byIntegration := map[string][]Offer{}
	for _, o := range b.Offers {
		byIntegration[o.Key.Integration] = append(byIntegration[o.Key.Integration], o)
	}
	var all []*tool
	taken := map[string]bool{}
	for _, integration := range slices.Sorted(maps.Keys(byIntegration)) {
		offers := byIntegration[integration]
		for _, name := range slices.Sorted(maps.Keys(offers[0].Integration.Operations)) {
			o := offers[0].Integration.Operations[name]
			if !slices.Contains(b.Effects, o.Does()) {
				continue
			}
			t := &tool{name: toolName(integration, name), operation: name, Operation: o, offers: offers}
			for n := 2; taken[t.name]; n++ {
				t.name = fmt.Sprintf("%s_%d", toolName(integration, name), n)
			}
			taken[t.name] = true
			all = append(all, t)
		}
	}
	return all
}

// toolName joins names to one that every client takes: letters, digits, _ and -, up to
// 60 of them.
func toolName(integration, operation string) string {
	name := []byte(integration + "_" + operation)
	for i, c := range name {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			name[i] = '_'
		}
	}
	return string(name[:min(len(name), 60)])
}

// connectionArgument names the connection, where there are several. No operation can
// have an input of that name in its place: it is looked at first.
const connectionArgument = "connection"

// describe returns the tool as clients are told of it.
func (t *tool) describe() *mcp.Tool {
	does, repeats := t.Does(), t.Repeats(t.idempotent())
	destroys, open := does == schema.EffectDestroy, true
	return &mcp.Tool{
		Name: t.name, Title: t.offers[0].Integration.DisplayName + ": " + t.operation, Description: t.words(), InputSchema: t.input(),
		Annotations: &mcp.ToolAnnotations{
			ReadOnlyHint: does == schema.EffectRead, DestructiveHint: &destroys, OpenWorldHint: &open,
			IdempotentHint: repeats != schema.RepeatNever,
		},
	}
}

func (t *tool) idempotent() bool {
	r := t.offers[0].Integration.Requests.Retries
	return r != nil && r.IdempotencyKey != ""
}

// words describe the tool to a model.
func (t *tool) words() string {
	text := t.Summary
	if t.Description != "" {
		text += " " + t.Description
	}
	for _, n := range t.offers[0].Integration.Notes { // field notes about this operation
		if n.Key == "operations."+t.operation {
			text += " " + strings.Join(strings.Fields(n.Text), " ")
		}
	}
	if t.Pages != nil {
		text += " The result is one page; next_cursor, where there is one, is the argument cursor of the next."
	}
	return text
}

// input returns the JSON Schema of the arguments.
func (t *tool) input() map[string]any {
	schema := map[string]any{"type": "object"}
	maps.Copy(schema, t.Input)
	properties := map[string]any{}
	if declared, ok := schema["properties"].(map[string]any); ok {
		properties = maps.Clone(declared)
	}
	if t.Pages != nil {
		properties["cursor"] = map[string]any{"type": "string", "description": "Where the list goes on: next_cursor of the page before."}
	}
	if len(t.offers) > 1 || t.others() != nil {
		properties[connectionArgument] = t.connection()
		required, _ := schema["required"].([]any)
		schema["required"] = append(slices.Clone(required), connectionArgument)
	}
	schema["properties"] = properties
	schema["additionalProperties"] = false
	return schema
}

// mostNamed is how many ids of connections a tool is described with.
const mostNamed = 20

// connection describes the argument that names one.
func (t *tool) connection() map[string]any {
	var ids []any
	for _, o := range t.offers {
		if o.Key.ConnectionID != "" {
			ids = append(ids, o.Key.ConnectionID)
		}
	}
	about := map[string]any{"type": "string", "description": "Whose account: the id of a connection."}
	switch {
	case t.others() == nil:
		about["enum"] = ids
	case len(ids) > 0:
		about["examples"] = ids[:min(len(ids), mostNamed)]
	}
	return about
}

// others is what decides about connections that are not offered by name.
func (t *tool) others() func(engine.Key) bool {
	for _, o := range t.offers {
		if o.Others != nil {
			return o.Others
		}
	}
	return nil
}

// pick takes the connection out of the arguments.
func (t *tool) pick(arguments map[string]json.RawMessage) (*Offer, error) {
	others := t.others()
	if len(t.offers) == 1 && others == nil {
		return &t.offers[0], nil
	}
	var id string
	if err := json.Unmarshal(orNull(arguments[connectionArgument]), &id); err != nil || id == "" {
		return nil, errors.New("say which connection: the argument connection is required")
	}
	for i := range t.offers {
		if t.offers[i].Key.ConnectionID == id {
			delete(arguments, connectionArgument)
			return &t.offers[i], nil
		}
	}
	k := engine.Key{Integration: t.offers[0].Key.Integration, ConnectionID: id}
	if others != nil && k.Check() == nil && others(k) {
		delete(arguments, connectionArgument)
		offer := t.offers[0]
		offer.Key = k
		return &offer, nil
	}
	return nil, errors.New("there is no such connection among those that are offered")
}

// call does the operation. What went wrong is a result as well, so that the model can
// mend it.
func (b *box) call(ctx context.Context, r *mcp.CallToolRequest, t *tool, arguments map[string]json.RawMessage) *mcp.CallToolResult {
	offer, err := t.pick(arguments)
	if err != nil {
		return failure(err.Error())
	}
	result, err := offer.Engine.Do(ctx, offer.Key, t.operation, arguments)
	if err != nil {
		return b.failed(ctx, r, offer.Key, err)
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: b.capped(string(result))}}}
}

// capped cuts a result that is longer than a model is given.
func (b *box) capped(text string) string {
	if len(text) <= b.MaxResult {
		return text
	}
	return strings.ToValidUTF8(text[:b.MaxResult], "") + fmt.Sprintf(
		"\n\n[Cut: these are the first %d of %d bytes. Ask for less, by a filter, a smaller page or a single item.]", b.MaxResult, len(text))
}

func failure(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}

func orEmpty(b json.RawMessage) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("{}")
	}
	return b
}

func orNull(b json.RawMessage) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("null")
	}
	return b
}
