// Package event is what the engine tells of what it did: an [Event] for each thing.
package event

import (
	"time"

	"github.com/nango-lite/nango-lite/connection"
)

// A Kind says what happened.
type Kind string

// The kinds of events.
const (
	Authorize Kind = "authorize" // an authorization URL was made
	Exchange  Kind = "exchange"  // a code was exchanged for tokens
	Connect   Kind = "connect"   // a connection was stored
	Client    Kind = "client"    // the provider took the previous client secret alone
	End       Kind = "end"       // the provider was asked when a token ends
	Fields    Kind = "fields"    // fields of a stored connection were set
	Refresh   Kind = "refresh"   // a token was refreshed, or could not be
	Keep      Kind = "keep"      // Run has looked after an integration's idle connections
	Status    Kind = "status"    // a connection's status changed
	Revoke    Kind = "revoke"    // a connection was removed
	Call      Kind = "call"      // a call through a client ended
	Attempt   Kind = "attempt"   // a request that was sent for a call was answered, or not
	Wait      Kind = "wait"      // a call is about to wait
	Body      Kind = "body"      // the body of an answer broke off; its call may have ended already
)

// An Event is something that the engine did, for logs, traces and metrics. It
// never holds a secret: no token, header, body or query string.
type Event struct {
	Kind      Kind
	Time      time.Time
	Key       connection.Key
	Call      uint64        // tells calls apart, in this process; 0 for what belongs to none
	Method    string        // of the request
	URL       string        // of the request, without query and user info
	Status    int           // of the answer; 0 if there was none
	Attempt   int           // 1 for the first; a request that goes again with another token belongs to the same
	Wait      time.Duration // Wait: how long
	Duration  time.Duration // how long it took; for a call until the answer's headers
	Operation string        // that the call belongs to; empty: none
	Reason    string        // why, in words that --trace prints
	Message   string        // Attempt: what the provider said of a failure, as in the Message of an error
	Err       error         // what went wrong; nil if nothing did
}
