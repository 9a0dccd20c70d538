package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/nango-lite/nango-lite/schema"
)

// mostFound is how many operations a search gives.
const mostFound = 10

// pair adds search_operations and call_operation in place of many tools, whose
// descriptions would fill a model's memory.
func (b *box) pair(s *mcp.Server, all []*tool) {
	byName := map[string]*tool{}
	for _, t := range all {
		byName[t.name] = t
	}
	yes, no := true, false
	destroys := slices.Contains(b.Effects, schema.EffectDestroy)
	readOnly := !destroys && !slices.Contains(b.Effects, schema.EffectWrite)
	s.AddTool(&mcp.Tool{
		Name:        "search_operations",
		Title:       "Search operations",
		Description: fmt.Sprintf("Find among %d operations of %s those that fit, with the arguments that each takes. Call one with call_operation.", len(all), b.integrations()),
		InputSchema: json.RawMessage(`{"type": "object", "properties": {"query": {"type": "string", "description": "Words of what is wanted, such as: create issue."}}, "required": ["query"], "additionalProperties": false}`),
		Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: &no},
	}, func(_ context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		var given struct {
			Query string `json:"query"`
		}
		if err := json.Unmarshal(orEmpty(r.Params.Arguments), &given); err != nil {
			return failure("query is a text"), nil
		}
		return b.found(search(all, given.Query)), nil
	})
	s.AddTool(&mcp.Tool{
		Name:        "call_operation",
		Title:       "Call an operation",
		Description: "Call an operation that search_operations has found.",
		InputSchema: json.RawMessage(`{"type": "object", "properties": {"operation": {"type": "string", "description": "Its name."}, "arguments": {"type": "object", "description": "What it takes."}}, "required": ["operation"], "additionalProperties": false}`),
		Annotations: &mcp.ToolAnnotations{ReadOnlyHint: readOnly, DestructiveHint: &destroys, OpenWorldHint: &yes},
	}, func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		var given struct {
			Operation string                     `json:"operation"`
			Arguments map[string]json.RawMessage `json:"arguments"`
		}
		if err := json.Unmarshal(orEmpty(r.Params.Arguments), &given); err != nil {
			return failure("operation is a text, and arguments is an object"), nil
		}
		t := byName[given.Operation]
		if t == nil {
			return failure("there is no such operation; search_operations finds those there are"), nil
		}
		if given.Arguments == nil {
			given.Arguments = map[string]json.RawMessage{}
		}
		return b.call(ctx, r, t, given.Arguments), nil
	})
}

// integrations names what the operations are of.
func (b *box) integrations() string {
	var names []string
	for _, o := range b.Offers {
		if !slices.Contains(names, o.Integration.DisplayName) {
			names = append(names, o.Integration.DisplayName)
		}
	}
	slices.Sort(names)
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

// search returns the tools that most of the words of a query are found in, the best
// first.
func search(all []*tool, query string) []*tool {
	words := strings.FieldsFunc(strings.ToLower(query), func(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == ',' })
	points := map[*tool]int{}
	var found []*tool
	for _, t := range all {
		name, text := strings.ToLower(t.name), strings.ToLower(t.words()+" "+t.offers[0].Integration.DisplayName)
		for _, w := range words {
			switch {
			case strings.Contains(name, w):
				points[t] += 3
			case strings.Contains(text, w):
				points[t]++
			}
		}
		if points[t] > 0 || len(words) == 0 {
			found = append(found, t)
		}
	}
	slices.SortStableFunc(found, func(a, b *tool) int { return points[b] - points[a] })
	return found[:min(len(found), mostFound)]
}

func (b *box) found(tools []*tool) *mcp.CallToolResult {
	type shown struct {
		Operation string         `json:"operation"`
		Does      string         `json:"does"`
		Effect    string         `json:"effect"`
		Arguments map[string]any `json:"arguments"`
	}
	list := make([]shown, len(tools))
	for i, t := range tools {
		list[i] = shown{t.name, t.words(), string(t.Does()), t.input()}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return failure("the operations cannot be written")
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: b.capped(string(text))}}}
}
