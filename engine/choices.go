package engine

import (
	"context"

	"github.com/nango-lite/nango-lite/engine/internal/lookup"
)

// ErrOpenField is in an error of KindClient that says that a connection does not carry
// yet what a call needs: [Engine.OpenFields] says which fields that may be,
// [Engine.Choices] what they can be, and [Engine.SetFields] sets them.
var ErrOpenField = lookup.ErrOpenField

// A Choice is one of the values that a connection field can have: the Value, and the
// Title that a person knows it by.
type Choice = lookup.Choice

// OpenFields returns the fields that c should carry and does not: those that are
// looked up and wait for a choice among several (see [Engine.Choices]) or for such a
// choice in another field, and those that were declared after c was made.
// [Engine.SetFields] sets them. Calls that need one fail with KindClient until then.
func (e *Engine) OpenFields(c *Connection) ([]InputField, error) {
	in, err := e.integration(c.Key.Integration)
	if err != nil {
		return nil, err
	}
	var open []InputField
	for _, name := range in.ConnectionNames() {
		f := in.Connection[name]
		if _, ok := in.Value(c, "connection."+name); !ok && !f.Optional {
			open = append(open, in.connectionInput(name))
		}
	}
	return open, nil
}

// Choices asks the provider what the field of k's connection can be. What it is now
// does not matter. It fails with KindClient if the field is none to choose, or if its
// look-up needs another field that is still open.
func (e *Engine) Choices(ctx context.Context, k Key, field string) ([]Choice, error) {
	const op = "choices"
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	c, err := in.stored.Load(ctx, k)
	if err != nil {
		return nil, err
	}
	return in.lookUps.For(op, c, in.stored.Open(k)).Choices(ctx, field)
}
