package verify

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// verifyScopes reports a scope that verify needs and that the entry does not name: who
// asks for others would be told that good credentials are bad.
func (k *checker) verifyScopes() {
	if k.Requests.Verify == nil || k.Auth.AuthorizationURL == "" || k.Auth.AsksNoScopes() {
		return
	}
	c := k.uses[0].call // verify is the first
	if c == nil {
		return
	}
	needs := c.scopes()
	for _, all := range needs {
		if namesAll(k.Version, all) {
			return
		}
	}
	if needs != nil {
		var ways []string
		for _, all := range needs {
			ways = append(ways, strings.Join(all, " and "))
		}
		k.report(codeScope, []string{"requests", "verify", "path"},
			fmt.Sprintf("verify needs the scope %s, which neither default_scopes nor a note names", strings.Join(ways, ", or ")), c.n.where())
	}
}

// scopes returns the sets of scopes of which one is enough; nil: none is needed, or
// nothing is known.
func (c *call) scopes() [][]string {
	var out [][]string
	if c.doc.kind == discovery { // any one of the list
		for _, s := range c.n.get("scopes").items() {
			out = append(out, []string{fmt.Sprint(s.value)})
		}
		return out
	}
	schemes := c.doc.at("/components/securitySchemes")
	if c.doc.kind == openAPI2 {
		schemes = c.doc.at("/securityDefinitions")
	}
	security := c.n.get("security")
	if !security.exists() {
		security = c.doc.at("/security")
	}
	for _, alternative := range security.items() {
		for _, name := range alternative.names() {
			if s, ok := schemes.get(name).resolved(); !ok || s.text("type") != "oauth2" {
				continue
			}
			var all []string
			for _, s := range alternative.get(name).items() {
				all = append(all, fmt.Sprint(s.value))
			}
			if all == nil {
				return nil // any token will do
			}
			out = append(out, all)
		}
	}
	return out
}

func namesAll(v *schema.Version, scopes []string) bool {
	for _, s := range scopes {
		if !names(v, s) {
			return false
		}
	}
	return true
}

// names reports whether the entry tells users of a scope, or of a header.
func names(v *schema.Version, name string) bool {
	short := name // of a scope that is a URL
	if i := strings.LastIndexByte(name, '/'); i >= 0 && strings.Contains(name[i:], ".") {
		short = name[i+1:]
	}
	texts := append([]string{v.Comment}, v.Auth.DefaultScopes...)
	for _, n := range v.Notes {
		texts = append(texts, n.Text)
	}
	for _, text := range texts {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !inScope(r) }) {
			if word = strings.TrimRight(word, ".:"); strings.EqualFold(word, strings.TrimRight(name, ".:")) || strings.EqualFold(word, short) {
				return true
			}
		}
	}
	return false
}

// inScope reports whether a character may be part of a scope's name.
func inScope(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._:-/", r)
}
