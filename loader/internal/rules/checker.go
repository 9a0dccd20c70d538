package rules

import (
	"time"

	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// A Subject is an integration that is resolved, or a version of a blueprint.
type Subject struct {
	Root     *tree.Node
	Shape    *shape.Shape  // of Root
	Key      schema.Origin // of the integration's name
	Invented bool          // what came from a variable may be made up

	Blueprint bool      // without what operators add
	Now       time.Time // by which certificates have ended or not
}

// A Finding is a rule that is not kept.
type Finding struct {
	At                  schema.Origin
	Code, Message, Hint string
	Warning             bool // nothing is broken
}

// A checker is one subject being checked.
type checker struct {
	Subject
	mode  schema.AuthMode // "" if there is none that is known
	found []Finding
}

func (r *checker) report(o schema.Origin, code, message, hint string) {
	r.found = append(r.found, Finding{At: o, Code: code, Message: message, Hint: hint})
}

func (r *checker) warn(o schema.Origin, code, message, hint string) {
	r.found = append(r.found, Finding{At: o, Code: code, Message: message, Hint: hint, Warning: true})
}
