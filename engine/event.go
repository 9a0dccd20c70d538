package engine

import (
	"time"
)

// An EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventAuthorize EventKind = "authorize" // an authorization URL was made
	EventExchange  EventKind = "exchange"  // a code was exchanged for tokens
	EventConnect   EventKind = "connect"   // a connection was stored
	EventClient    EventKind = "client"    // the provider took the previous client secret alone
	EventEnd       EventKind = "end"       // the provider was asked when a token ends
	EventFields    EventKind = "fields"    // fields of a stored connection were set
	EventRefresh   EventKind = "refresh"   // a token was refreshed, or could not be
	EventKeep      EventKind = "keep"      // Run has looked after an integration's idle connections
	EventStatus    EventKind = "status"    // a connection's status changed
	EventRevoke    EventKind = "revoke"    // a connection was removed
	EventCall      EventKind = "call"      // a call through a client ended
	EventAttempt   EventKind = "attempt"   // a request that was sent for a call was answered, or not
	EventWait      EventKind = "wait"      // a call is about to wait
	EventBody      EventKind = "body"      // the body of an answer broke off; its call may have ended already
)

// An Event is something that the engine did, for logs, traces and metrics. It
// never holds a secret: no token, header, body or query string.
type Event struct {
	Kind     EventKind
	Time     time.Time
	Key      Key
	Call     uint64        // tells calls apart, in this process; 0 for what belongs to none
	Method   string        // of the request
	URL      string        // of the request, without query and user info
	Status   int           // of the answer; 0 if there was none
	Attempt  int           // 1 for the first; a request that goes again with another token belongs to the same
	Wait     time.Duration // EventWait: how long
	Duration time.Duration // how long it took; for a call until the answer's headers
	Reason   string        // why, in words that --trace prints
	Err      error         // what went wrong; nil if nothing did
}
