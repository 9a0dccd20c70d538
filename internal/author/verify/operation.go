package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// operationCall holds what an operation sends: parameters, headers and body.
func (k *checker) operationCall(u *use) {
	var sent []string
	params := below(u.root, "request", "params")
	for _, name := range sortedKeys(u.op.Request.Params) {
		sent = append(sent, name)
		p, ok := u.call.takes("query", name)
		if !ok {
			k.reportName(codeParameter, below(params, name), "the call takes no parameter "+name, u.call.n.where())
			continue
		}
		k.problems(codeParameter, below(params, name), held(p.schema, typedTree(p.schema, known(u.op.Request.Params[name])), nil))
		k.inputEnum(u, u.op.Request.Params[name], p.schema)
	}
	for _, name := range slices.Sorted(maps.Keys(u.op.Request.Headers)) {
		if p, ok := u.call.takes("header", name); ok && !strings.Contains(u.op.Request.Headers[name], "${") {
			k.headerValue(below(u.root, "request", "headers", name), name, u.op.Request.Headers[name], p)
		}
	}
	k.requiredParams(u, below(u.root, "request"), sent)
	body := known(u.op.Request.Body)
	k.requestBody(u, below(u.root, "request", "body"), body)
	k.requiredMembers(u, body)
}

// typedTree is typed for texts, and anything else as it is.
func typedTree(n node, value any) any {
	if text, ok := schema.Scalar(value); ok {
		return typed(n, text)
	}
	return anything{} // a list repeats the parameter
}

// known returns a value with what inputs put in left open.
func known(value any) any {
	switch value := value.(type) {
	case string:
		if strings.Contains(value, "${") {
			return anything{}
		}
	case map[string]any:
		out := map[string]any{}
		for name, v := range value {
			out[name] = known(v)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, v := range value {
			out[i] = known(v)
		}
		return out
	}
	return value
}

// inputEnum reports values that an input may have and the parameter may not.
func (k *checker) inputEnum(u *use, template any, s node) {
	text, _ := template.(string)
	name, ok := strings.CutPrefix(strings.TrimSuffix(text, "}"), "${input.")
	if !ok || !strings.HasSuffix(text, "}") {
		return
	}
	for _, in := range u.op.Inputs() {
		if in.Name != name {
			continue
		}
		for _, value := range in.Enum {
			if found := held(s, typedTree(s, value), nil); found != nil {
				k.report(codeParameter, below(u.root, "input", "properties", name, "enum"), fmt.Sprintf("%v %s", value, found[0].text), found[0].place)
			}
		}
	}
}

// requiredMembers reports members of a body without which the provider refuses the call.
func (k *checker) requiredMembers(u *use, body any) {
	s, ok := u.call.body()
	if !ok {
		return
	}
	object, isObject := body.(map[string]any)
	if !isObject {
		return
	}
	paged := []string{}
	if u.op.Pages != nil && k.Requests.Pagination != nil {
		paged = pageParams(k.Requests.Pagination.At(u.method, u.path).Over(u.op.Pages.Pagination))
	}
	var least []string
	var place node
	for i, v := range variants(s) {
		lacking := []string{}
		for _, part := range v.parts {
			for _, n := range part.get("required").items() {
				name, _ := n.value.(string)
				if _, there := object[name]; !there && !slices.Contains(paged, name) && !part.get("properties").get(name).isTrue("readOnly") {
					lacking = append(lacking, name)
				}
			}
		}
		if i == 0 || len(lacking) < len(least) {
			least = lacking
		}
	}
	if len(least) > 0 {
		place, _ = s.resolved()
		k.report(codeBody, below(u.root, "request", "body"), fmt.Sprintf("the call needs %s", list(least)), place.where())
	}
}

// operations holds what operations take from answers.
func (k *checker) operations() {
	for i := range k.uses {
		u := &k.uses[i]
		if u.op == nil || u.op.Output == nil || u.call == nil {
			continue
		}
		answer, ok := u.call.answer(u.call.success())
		if !ok {
			continue
		}
		if u.op.Pages != nil {
			items, is := lookAt(answer, k.Requests.Pagination.At(u.method, u.path).Over(u.op.Pages.Pagination).Items)
			if is != present {
				continue
			}
			if answer, is = lookAt(items, "0"); is != present {
				continue
			}
		}
		k.output(u, answer)
	}
}

func (k *checker) output(u *use, answer node) {
	o := u.op.Output
	result, is := lookAt(answer, o.Path)
	if is == absent {
		k.report(codeBody, below(u.root, "output", "path"), fmt.Sprintf("the answer has nothing at %q", o.Path), answer.where())
	}
	if is != present {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o.Fields)) {
		_, is := lookAt(result, o.Fields[name])
		_, each := lookAt(result, "0."+o.Fields[name]) // of each element of a list
		if is == absent && each == absent {
			k.report(codeBody, below(u.root, "output", "fields", name), fmt.Sprintf("the answer has nothing at %q", o.Fields[name]), result.where())
		}
	}
}
