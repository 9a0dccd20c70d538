package operation

import "testing"

// WithoutEncoding lets a test build requests as if inputs were not encoded.
func WithoutEncoding(t *testing.T) {
	path, query := escapePath, encodeQuery
	t.Cleanup(func() { escapePath, encodeQuery = path, query })
	asItIs := func(s string) string { return s }
	escapePath, encodeQuery = asItIs, asItIs
}
