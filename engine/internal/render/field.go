package render

import "github.com/nango-lite/nango-lite/schema"

// A Field is a header, a query parameter or a member of a body, with a template for its
// value.
type Field struct {
	Name  string
	Value schema.Template

	// Yields says that the caller's own value wins, where the field is added to each
	// attempt, as one that is made anew for each does.
	Yields bool
}
