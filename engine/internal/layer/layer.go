// Package layer holds the round trippers between a caller and the provider, one
// job and one file each. [Chain] puts them together; the engine's client says
// in which order.
//
// Every layer keeps the contract of net/http that layertest checks: the caller's
// request is not changed, its body is closed also on failure, errors are passed
// on, and one layer serves many requests at once.
package layer

import (
	"context"
	"net/http"
)

// A Layer wraps a round tripper.
type Layer func(next http.RoundTripper) http.RoundTripper

// Chain returns base wrapped in layers, the first outermost. A nil layer is left
// out: its section of the blueprint is absent.
func Chain(base http.RoundTripper, layers ...Layer) http.RoundTripper {
	for i := len(layers) - 1; i >= 0; i-- {
		if layers[i] != nil {
			base = layers[i](base)
		}
	}
	return base
}

// A Session gives the layers the connection that a client was made for. Its
// methods are safe for concurrent use.
type Session interface {
	// Load reads the connection, once a call.
	Load(ctx context.Context) (Snapshot, error)

	// Fresh returns s, or a later snapshot if the token of s is about to end: it
	// refreshes, or waits for whoever is refreshing.
	Fresh(ctx context.Context, s Snapshot) (Snapshot, error)

	// Refresh returns a snapshot with another token than that of s, which the
	// provider has refused. It fails if there is no way to get one.
	Refresh(ctx context.Context, s Snapshot, reason string) (Snapshot, error)

	// Refused says that the provider has refused s too, which Refresh gave.
	Refused(s Snapshot)
}

// A Snapshot is a connection as it was when it was read. It does not change.
type Snapshot interface {
	// Value gives the value of a placeholder, such as access_token or
	// connection.region, or false if it has none.
	Value(name string) (string, bool)
}
