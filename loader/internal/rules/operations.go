package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// operations: every input lands somewhere, what stands in a path is always there, and
// what is said of effect and repetition fits together.
func (r *checker) operations() {
	all := r.Root.Get("operations")
	if all == nil || all.Kind != tree.Map {
		return
	}
	for _, f := range all.Fields {
		if f.Value.Kind == tree.Map {
			r.operation("operations."+f.Name, f.Value)
		}
	}
}

func (r *checker) operation(name string, op *tree.Node) {
	request := op.Get("request")
	if request == nil || request.Kind != tree.Map {
		return // the schema has said so
	}
	used := map[string]bool{}
	inputsIn(request, used)
	required := map[string]bool{}
	declared := op.Get("input", "properties")
	if list := op.Get("input", "required"); list != nil {
		for _, item := range list.Items {
			required[item.Text] = true
			if declared.Get(item.Text) == nil {
				r.report(item.Origin, "unknown-input", fmt.Sprintf("%q is required and not declared under %s.input.properties", item.Text, name),
					suggest.DidYouMean(item.Text, fieldNames(declared)))
			}
		}
	}
	if declared != nil {
		if n := declared.Field("cursor"); n != nil && op.Get("pages") != nil && op.Get("pages").Kind != tree.Null {
			r.report(n.At, "bad-value", name+` has pages, so it has an input "cursor" already: where the list goes on`, "call this one otherwise")
		}
		for _, f := range declared.Fields {
			if !used[f.Name] {
				r.report(f.At, "unused-input", fmt.Sprintf("%s: the input %q is used by no part of the request", name, f.Name),
					fmt.Sprintf("put ${input.%s} where it belongs, or take it out", f.Name))
			}
		}
	}
	operationPath(r, name, request.Get("path"), declared, required)
	operationBody(r, name, request)
	operationEffect(r, name, op)
	if pages := op.Field("pages"); pages != nil && pages.Value.Kind != tree.Null && op.Get("pages", "kind") == nil && r.Root.Get("requests", "pagination", "kind") == nil {
		r.report(pages.At, "missing-key", fmt.Sprintf("%s has pages, and nothing says how lists go on", name), "declare requests.pagination, or a kind here")
	}
}

// operationPath: a path holds inputs that are always there, and leads nowhere else.
func operationPath(r *checker, name string, path *tree.Node, declared *tree.Node, required map[string]bool) {
	if path == nil || path.Kind != tree.String || path.Bad {
		return
	}
	if slices.ContainsFunc(strings.Split(path.Text, "/"), func(s string) bool { return s == "." || s == ".." }) {
		r.report(path.Origin, "bad-value", fmt.Sprintf("%s.request.path leads to another place", name), "write it without . and ..")
	}
	in := map[string]bool{}
	inputsIn(path, in)
	for _, input := range sorted(in) {
		p := declared.Get(input)
		if p == nil || required[input] || p.Get("default") != nil {
			continue
		}
		r.report(path.Origin, "optional-path-input", fmt.Sprintf("%s: the input %q stands in the path, and is optional", name, input),
			fmt.Sprintf("name it under %s.input.required, or give it a default", name))
	}
}

// operationBody: a form holds texts.
func operationBody(r *checker, name string, request *tree.Node) {
	body := request.Get("body")
	if body == nil || request.Str("body_format") != "form" {
		return
	}
	if body.Kind != tree.Map {
		r.report(body.Origin, "wrong-type", fmt.Sprintf("%s.request.body is %s, and a form has members", name, body.Kind), "")
		return
	}
	for _, f := range body.Fields {
		if f.Value.Kind == tree.Map {
			r.report(f.Value.Origin, "wrong-type", fmt.Sprintf("%s.request.body.%s is a map, and a form holds texts and lists of texts", name, f.Name), "body_format: json sends it as it stands")
		}
	}
}

// operationEffect: what only reads is safe to repeat, and what is safe only reads.
func operationEffect(r *checker, name string, op *tree.Node) {
	repeat := op.Get("repeat")
	if repeat == nil || repeat.Text != string(schema.RepeatSafe) {
		return
	}
	o := schema.Operation{Effect: schema.Effect(op.Str("effect")), Request: schema.OperationRequest{Method: op.Get("request").Str("method")}}
	if o.Does() != schema.EffectRead {
		r.report(repeat.Origin, "bad-value", fmt.Sprintf("%s does not only read, so it is not safe to repeat", name),
			"say effect: read, or repeat: idempotent where twice is as good as once")
	}
}

// input checks a placeholder of an input, which stands somewhere in the request of an
// operation.
func (r *checker) input(field string, path []string) (reason, hint string) {
	if len(path) < 3 || path[0] != "operations" || path[2] != "request" {
		return "only the request of an operation has inputs", ""
	}
	name, _, _ := strings.Cut(field, ".")
	declared := r.Root.Get("operations", path[1], "input", "properties")
	if declared.Get(name) == nil {
		return fmt.Sprintf("operations.%s.input declares no %q", path[1], name), suggest.DidYouMean(name, fieldNames(declared))
	}
	return "", ""
}

// isSecretField reports whether a field of the connection is declared to be a secret.
func (r *checker) isSecretField(name string) bool {
	n := r.Root.Get("connection", name, "secret")
	return n != nil && n.Kind == tree.Bool && n.Text == "true"
}

// inputsIn collects the names of the inputs in the texts at and below n.
func inputsIn(n *tree.Node, into map[string]bool) {
	if n.Kind == tree.String {
		t, err := schema.ParseTemplate(n.Text)
		if err != nil {
			return
		}
		for _, name := range t.Refs() {
			if input, ok := strings.CutPrefix(name, "input."); ok {
				input, _, _ = strings.Cut(input, ".")
				into[input] = true
			}
		}
	}
	for _, f := range n.Fields {
		inputsIn(f.Value, into)
	}
	for _, item := range n.Items {
		inputsIn(item, into)
	}
}

func fieldNames(n *tree.Node) (names []string) {
	if n != nil {
		for _, f := range n.Fields {
			names = append(names, f.Name)
		}
	}
	return names
}

func sorted(set map[string]bool) []string {
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
