package engine

import "github.com/nango-lite/nango-lite/engine/internal/event"

// An EventKind says what happened.
type EventKind = event.Kind

// The kinds of events.
const (
	EventAuthorize = event.Authorize // an authorization URL was made
	EventExchange  = event.Exchange  // a code was exchanged for tokens
	EventConnect   = event.Connect   // a connection was stored
	EventClient    = event.Client    // the provider took the previous client secret alone
	EventEnd       = event.End       // the provider was asked when a token ends
	EventFields    = event.Fields    // fields of a stored connection were set
	EventRefresh   = event.Refresh   // a token was refreshed, or could not be
	EventKeep      = event.Keep      // Run has looked after an integration's idle connections
	EventStatus    = event.Status    // a connection's status changed
	EventRevoke    = event.Revoke    // a connection was removed
	EventCall      = event.Call      // a call through a client ended
	EventAttempt   = event.Attempt   // a request that was sent for a call was answered, or not
	EventWait      = event.Wait      // a call is about to wait
	EventBody      = event.Body      // the body of an answer broke off; its call may have ended already
)

// An Event is something that the engine did, for logs, traces and metrics. It
// never holds a secret: no token, header, body or query string. Its fields are
//
//	Kind     EventKind
//	Time     time.Time
//	Key      Key
//	Call     uint64        // tells calls apart, in this process; 0 for what belongs to none
//	Method   string        // of the request
//	URL      string        // of the request, without query and user info
//	Status   int           // of the answer; 0 if there was none
//	Attempt  int           // 1 for the first; a request that goes again with another token belongs to the same
//	Wait     time.Duration // EventWait: how long
//	Duration time.Duration // how long it took; for a call until the answer's headers
//	Reason   string        // why, in words that --trace prints
//	Message  string        // EventAttempt: what the provider said of a failure, as in [Error]'s Message; "" if it said nothing
//	Err      error         // what went wrong; nil if nothing did
type Event = event.Event
