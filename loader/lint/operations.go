package lint

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/check"
	"github.com/nango-lite/nango-lite/schema"
)

// operations: each is documented and answered by a sample, says its effect where the
// method lies, and its schemas are schemas that fit what they are for.
func operations(v *version) {
	for _, name := range slices.Sorted(maps.Keys(v.Operations)) {
		o, at := v.Operations[name], "operations."+name
		if o.DocsURL == "" {
			v.reportKey("operation-docs", []string{"operations", name}, fmt.Sprintf("%q does not link the provider's page about it", name), "add docs_url")
		}
		v.operationEffect(name, o)
		v.operationInput(at+".input", o)
		v.operationOutput(name, o)
	}
}

// verbs begin the names of operations that change something.
var verbs = []string{"add", "archive", "assign", "cancel", "close", "create", "delete", "invite", "merge", "move", "post", "put", "remove", "rename", "send", "set", "trash", "update", "upload"}

// readers begin the names of those that do not.
var readers = []string{"count", "find", "get", "list", "query", "read", "retrieve", "search"}

// operationEffect finds names that say another effect than the method does.
func (v *version) operationEffect(name string, o *schema.Operation) {
	if o.Effect != "" {
		return
	}
	first, _, _ := strings.Cut(name, "_")
	reads := o.Does() == schema.EffectRead
	if reads && slices.Contains(verbs, first) || !reads && slices.Contains(readers, first) {
		v.report("operation-effect", "operations."+name+".request", fmt.Sprintf("%q sounds unlike an operation that is taken to %s, which is what %s says", name, o.Does(), o.Request.Verb()),
			"state effect: read, write or destroy")
	}
}

// operationInput looks at the schema, its descriptions and its defaults.
func (v *version) operationInput(at string, o *schema.Operation) {
	if o.Input == nil {
		return
	}
	if path, err := check.NewInput(o.Input).Problem(); err != nil {
		if path != "" {
			at += "." + path
		}
		v.report("operation-schema", at, fmt.Sprintf("this is no JSON Schema: %s", err), "")
		return
	}
	v.inputKeywords(strings.Split(at, "."), o.Input)
	for _, in := range o.Inputs() {
		place := at + ".properties." + in.Name
		if in.Description == "" {
			v.report("operation-schema", place, fmt.Sprintf("the input %q has no description", in.Name), "people and agents choose by it")
		}
		if in.Default == nil {
			continue
		}
		if problems := check.NewInput(in.Schema).CheckInput(in.Default); len(problems) > 0 {
			v.report("operation-schema", place+".default", fmt.Sprintf("the default of %q is not as its own schema wants it", in.Name), "")
		}
	}
}

// keywords are those of JSON Schema, draft 2020-12 and before.
var keywords = strings.Fields("$schema $id $anchor $ref $dynamicRef $dynamicAnchor $defs $comment $vocabulary definitions " +
	"type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems " +
	"maxContains minContains maxProperties minProperties required dependentRequired properties patternProperties additionalProperties " +
	"propertyNames unevaluatedItems unevaluatedProperties items prefixItems additionalItems contains allOf anyOf oneOf not if then else " +
	"dependentSchemas dependencies format contentEncoding contentMediaType contentSchema title description default deprecated readOnly " +
	"writeOnly examples example")

// inputKeywords finds what is no keyword of JSON Schema, which ignores it: half a text
// that has a comma, say, and no quotes.
func (v *version) inputKeywords(at []string, s map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if !slices.Contains(keywords, key) && !strings.HasPrefix(key, "x-") {
			v.reportKey("operation-schema", append(slices.Clone(at), key), fmt.Sprintf("%q is no keyword of JSON Schema", key), "a text with a comma wants quotes")
		}
	}
	if items, ok := s["items"].(map[string]any); ok {
		v.inputKeywords(append(slices.Clone(at), "items"), items)
	}
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if property, ok := properties[name].(map[string]any); ok {
			v.inputKeywords(append(slices.Clone(at), "properties", name), property)
		}
	}
}

// operationOutput holds the sample that answers an operation to what its output says.
func (v *version) operationOutput(name string, o *schema.Operation) {
	sample, found := answerTo(v, o)
	if !found {
		v.reportKey("missing-sample", []string{"operations", name}, fmt.Sprintf("no sample shows the answer to %q", name),
			"add one for "+o.Request.Verb()+" "+pattern(o.Request.Path)+"; the sandbox answers from it")
		return
	}
	if o.Output == nil {
		return
	}
	results := []any{sample.Response.Body}
	if o.Pages != nil {
		items, ok := itemsOf(v, o, sample.Response.Body)
		if !ok || len(items) == 0 {
			v.report("operation-output", "operations."+name+".pages", "the sample holds no list where the pages look for one", "")
			return
		}
		results = slices.Clone(items)
	}
	if p := o.Output.Path; p != "" {
		for i := range results {
			inner, ok := schema.At(results[i], p)
			if !ok {
				v.report("operation-output", "operations."+name+".output.path", fmt.Sprintf("the sample has nothing at %s", p), "")
				return
			}
			results[i] = inner
		}
	}
	v.operationFields(name, o, results)
	v.operationSchema(name, o, results)
}

// operationFields: each field is found in some object of the sample; an API leaves out
// what an object does not have.
func (v *version) operationFields(name string, o *schema.Operation, results []any) {
	var objects []any
	for _, result := range results {
		if list, ok := result.([]any); ok {
			objects = append(objects, list...)
		} else {
			objects = append(objects, result)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(o.Output.Fields)) {
		path := o.Output.Fields[field]
		if !slices.ContainsFunc(objects, func(object any) bool { _, ok := schema.At(object, path); return ok }) {
			v.report("operation-output", "operations."+name+".output.fields."+field, fmt.Sprintf("the sample has nothing at %s", path), "")
		}
	}
}

// operationSchema holds the results to the schema, where nothing is renamed.
func (v *version) operationSchema(name string, o *schema.Operation, results []any) {
	if o.Output.Schema == nil {
		return
	}
	at := "operations." + name + ".output.schema"
	checker := check.NewInput(o.Output.Schema)
	if _, err := checker.Problem(); err != nil {
		v.report("operation-schema", at, fmt.Sprintf("this is no JSON Schema: %s", err), "")
		return
	}
	for _, result := range results {
		if problems := checker.CheckInput(result); len(problems) > 0 && len(o.Output.Fields) == 0 {
			v.report("operation-output", at, fmt.Sprintf("the sample does not fit: %s: %s", problems[0].Path, problems[0].Message), "")
			return
		}
	}
}

// answerTo returns the sample of a success that answers an operation.
func answerTo(v *version, o *schema.Operation) (schema.Sample, bool) {
	for _, s := range v.Samples {
		if kindOf(s) == schema.SampleAPI && s.Request != nil && method(s.Request.Method) == o.Request.Verb() &&
			samePath(o.Request.Path, s.Request.Path) && statusOf(s.Response) < http.StatusMultipleChoices {
			return s, true
		}
	}
	return schema.Sample{}, false
}

// itemsOf returns the list in a body, where the pages of an operation look for it.
func itemsOf(v *version, o *schema.Operation, body any) ([]any, bool) {
	var p schema.Pagination
	if v.Requests.Pagination != nil {
		p = v.Requests.Pagination.At(o.Request.Verb(), o.Request.Path)
	}
	p = p.Over(o.Pages.Pagination)
	if p.Items == "" || p.Items == "." {
		list, ok := body.([]any)
		return list, ok
	}
	at, _ := schema.At(body, p.Items)
	list, ok := at.([]any)
	return list, ok
}

// pattern returns the path as a sample writes it.
func pattern(path string) string {
	return strings.NewReplacer("${input.", "{", "${connection.", "{").Replace(path)
}
