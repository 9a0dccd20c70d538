package operate

import (
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
)

// DescribeRoute is where the operations of this server are described.
const DescribeRoute = "/o/openapi.json"

type object = map[string]any

// Describe serves GET /o/openapi.json: an OpenAPI document of the operations that the key
// may do, each a path of its own with its inputs and its result.
func (o *Operations) Describe(w *answer.Writer) {
	key := o.Guard.Admit(w, apikey.ScopeOperations)
	if key == nil {
		return
	}
	paths := object{}
	for name, list := range o.reached(key) {
		for _, one := range list {
			paths["/o/"+name+"/{connection}/"+one.Name] = described(name, one)
		}
	}
	w.JSON(http.StatusOK, object{
		"openapi":  "3.1.0",
		"info":     object{"title": "Operations", "version": "0", "description": "The operations of this server that the API key may do."},
		"security": []any{object{"apiKey": []any{}}},
		"paths":    paths,
		"components": object{
			"securitySchemes": object{"apiKey": object{"type": "http", "scheme": "bearer"}},
			"schemas": object{"error": object{"type": "object", "properties": object{
				"error": object{"type": "object", "properties": object{"code": object{"type": "string"}, "message": object{"type": "string"}}},
			}}},
			"responses": object{"error": object{
				"description": "It was not done, or nobody knows; the code says which.",
				"content":     object{"application/json": object{"schema": object{"$ref": "#/components/schemas/error"}}},
			}},
		},
	})
}

// described is the path of an operation.
func described(integration string, one engine.Operation) object {
	post := object{
		"operationId": integration + "_" + one.Name,
		"summary":     one.Summary,
		"tags":        []any{integration},
		"x-effect":    one.Does(),
		"responses": object{
			"200":     object{"description": "The result.", "content": object{"application/json": object{"schema": resultOf(one.Operation)}}},
			"default": object{"$ref": "#/components/responses/error"},
		},
		"requestBody": object{"content": object{"application/json": object{"schema": inputOf(one.Operation)}}},
	}
	if one.Description != "" {
		post["description"] = one.Description
	}
	if one.DocsURL != "" {
		post["externalDocs"] = object{"url": one.DocsURL}
	}
	return object{
		"parameters": []any{object{"name": "connection", "in": "path", "required": true, "schema": object{"type": "string"}, "description": "Id of the connection, percent-encoded, slashes too."}},
		"post":       post,
	}
}

// resultOf is the JSON Schema of a result, as far as it is declared.
func resultOf(o *schema.Operation) object {
	result := object{}
	if o.Output != nil && o.Output.Schema != nil {
		result = o.Output.Schema
	} else if o.Output != nil && len(o.Output.Fields) > 0 {
		properties := object{}
		for name := range o.Output.Fields {
			properties[name] = object{}
		}
		of := object{"type": "object", "properties": properties}
		result = object{"anyOf": []any{of, object{"type": "array", "items": of}}}
		if o.Pages != nil {
			result = of
		}
	}
	if o.Pages == nil {
		return result
	}
	return object{"type": "object", "required": []any{"items"}, "properties": object{
		"items": object{"type": "array", "items": result}, "next_cursor": object{"type": "string", "description": "Where the list goes on; absent at its end."},
	}}
}
