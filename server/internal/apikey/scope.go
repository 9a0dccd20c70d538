package apikey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// A Scope is something that an API key may do.
type Scope string

// The scopes.
const (
	ScopeConnect    Scope = "connect"    // make, change and remove connections
	ScopeRead       Scope = "read"       // see connections, without what grants access
	ScopeProxy      Scope = "proxy"      // call APIs through the server
	ScopeToken      Scope = "token"      // be given tokens and credentials
	ScopeOperations Scope = "operations" // do what integrations declare
	ScopeMCP        Scope = "mcp"        // be offered operations as tools over HTTP
	ScopeUI         Scope = "ui"         // look at the operator's pages
)

// Scopes are all scopes. DefaultScopes are those of a key for which none is said:
// it is given no token.
var (
	Scopes        = []Scope{ScopeConnect, ScopeRead, ScopeProxy, ScopeToken, ScopeOperations, ScopeMCP, ScopeUI}
	DefaultScopes = []Scope{ScopeConnect, ScopeRead, ScopeProxy}
)

// ParseScopes reads scopes that are separated by commas or spaces.
func ParseScopes(text string) ([]Scope, error) {
	var scopes []Scope
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !slices.Contains(Scopes, Scope(word)) {
			return nil, fmt.Errorf("there is no scope %.40q; there are %s", word, joinScopes(Scopes))
		}
		if !slices.Contains(scopes, Scope(word)) {
			scopes = append(scopes, Scope(word))
		}
	}
	return scopes, nil
}

var effects = []schema.Effect{schema.EffectRead, schema.EffectWrite, schema.EffectDestroy}

// Does reports whether k may do operations of that effect.
func (k *Key) Does(e schema.Effect) bool { return len(k.Effects) == 0 || slices.Contains(k.Effects, e) }

// Offers returns the effects of the operations that an agent with k is offered.
func (k *Key) Offers() []schema.Effect {
	if len(k.Effects) == 0 {
		return []schema.Effect{schema.EffectRead}
	}
	return k.Effects
}

func joinScopes(scopes []Scope) string {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return strings.Join(words, " ")
}

// May reports whether k has the scope.
func (k *Key) May(s Scope) bool { return slices.Contains(k.Scopes, s) }
