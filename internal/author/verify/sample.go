package verify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// sampleCall holds a sample's request and answer.
func (k *checker) sampleCall(u *use) {
	s, c := u.sample, u.call
	for _, name := range slices.Sorted(maps.Keys(s.Request.Query)) {
		p, ok := c.takes("query", name)
		if !ok {
			k.reportName(codeParameter, below(u.root, "request", "query", name), "the call takes no parameter "+name, c.n.where())
			continue
		}
		if value := s.Request.Query[name]; !strings.Contains(value, "${") {
			k.problems(codeParameter, below(u.root, "request", "query", name), held(p.schema, typed(p.schema, value), nil))
		}
	}
	k.requestBody(u, below(u.root, "request", "body"), s.Request.Body)
	k.sampleAnswer(u)
}

// typed reads the text of a parameter as its schema has it: a text in a URL may stand
// for a number. A list is not taken apart.
func typed(n node, text string) any {
	for _, v := range variants(n) {
		for _, part := range v.parts {
			for _, t := range part.types() {
				switch f, err := strconv.ParseFloat(text, 64); {
				case (t == "integer" || t == "number") && err == nil:
					return f
				case t == "boolean" && (text == "true" || text == "false"):
					return text == "true"
				case t == "array" || t == "object":
					return anything{}
				}
			}
			if part.isTrue("repeated") { // of discovery documents
				return anything{}
			}
		}
	}
	return text
}

// requiredParams reports parameters without which the provider refuses the call. Samples
// may leave them out: they answer whatever is asked.
func (k *checker) requiredParams(u *use, at []string, sent []string) {
	sent = slices.AppendSeq(sent, maps.Keys(k.Requests.Params))
	if u.verify {
		sent = slices.AppendSeq(sent, maps.Keys(k.Requests.Verify.Params))
	}
	if p := k.Requests.Pagination; p != nil {
		sent = append(sent, pageParams(p.At(u.method, u.path))...)
	}
	for _, p := range u.call.params {
		if p.in == "query" && p.required && !slices.Contains(sent, p.name) {
			k.report(codeParameter, at, "the call needs the parameter "+p.name, p.n.where())
		}
	}
}

// requestBody holds what is sent, if it is JSON.
func (k *checker) requestBody(u *use, at []string, body any) {
	members, isObject := body.(map[string]any)
	if form := u.call.form(); isObject && form != nil {
		for _, name := range sortedKeys(members) {
			if !slices.ContainsFunc(form, func(p param) bool { return p.name == name }) {
				k.reportName(codeBody, below(at, name), "is no member that the document has there", u.call.n.where())
			}
		}
		return
	}
	if s, ok := u.call.body(); ok && isObject {
		k.problems(codeBody, at, held(s, body, nil))
	}
}

// sampleAnswer holds status and body of the answer.
func (k *checker) sampleAnswer(u *use) {
	s, c := u.sample, u.call
	status := strconv.Itoa(max(s.Response.Status, 200))
	if s.Response.Status == 0 {
		status = "200"
	}
	n, described, others := c.answers(status)
	if !described {
		if others && status[0] == '2' {
			at := below(u.root, "response", "status")
			k.report(codeStatus, at, fmt.Sprintf("the document answers %s %s with %s, not %s", u.method, c.path.path(), c.success(), status), n.where())
		}
		return
	}
	k.answerBody(below(u.root, "response", "body"), c, status, s.Response.Body)
}

func (k *checker) answerBody(at []string, c *call, status string, body any) {
	switch body.(type) {
	case nil, string: // nothing, or not JSON
		return
	}
	if schema, ok := c.answer(status); ok {
		k.problems(codeBody, at, held(schema, body, nil))
	}
}

// problems reports what is wrong below a place of the entry.
func (k *checker) problems(code string, at []string, found []problem) {
	for _, p := range found {
		path := below(at, p.path...)
		message := strconv.Quote(path[len(path)-1]) + " " + p.text
		if p.name {
			k.reportName(code, path, message, p.place)
		} else {
			k.report(code, path, message, p.place)
		}
	}
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// tokenSamples hold the answers of token endpoints that the document has among its paths.
func (k *checker) tokenSamples() {
	c := k.find("POST", templatePattern(k.Auth.TokenURL))
	if c == nil || k.Auth.TokenURL == "" {
		return
	}
	for i, s := range k.Samples {
		switch s.Kind {
		case schema.SampleToken, schema.SampleTokenError:
			status := strconv.Itoa(max(s.Response.Status, 200))
			k.answerBody([]string{"samples", strconv.Itoa(i), "response", "body"}, c, status, s.Response.Body)
		}
	}
}
