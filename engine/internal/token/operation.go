// Package token calls token endpoints, and those that stand beside them: it builds a
// request, authenticates the client, sends once, judges the answer and reads it, makes
// the steps that follow, introspects and revokes. Which of that an auth mode needs, and
// when, is for others to say; it knows no store. Start with [Endpoint.For].
package token

import (
	"context"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// An Endpoint is the token endpoint of an integration, and what stands beside it. It is
// safe for concurrent use, and must not be copied once it is used.
type Endpoint struct {
	In *plan.Integration

	// Client returns what carries a request of c's to a URL like to. It follows no
	// redirects: they would carry the client secret to wherever they point.
	Client func(c *connection.Connection, to schema.Template) *http.Client

	Now     func() time.Time
	Timeout time.Duration // of a call
	Tell    func(context.Context, event.Event)

	previous previousSecret
	redeemed redeemers
}

// An Operation is what is done for one connection at its token endpoint. What the
// answers grant goes into Conn, by [Operation.Take].
type Operation struct {
	*Endpoint
	Name string            // of the operation, for errors: such as "exchange"
	In   *plan.Integration // the Endpoint's, or as it is with the previous client secret
	Conn *connection.Connection

	place string // what the endpoint is called in errors
}

// For returns the operation of that name on c, which has no token yet, or the one that
// is to be replaced.
func (e *Endpoint) For(name string, c *connection.Connection) *Operation {
	return &Operation{Endpoint: e, Name: name, In: e.In, Conn: c, place: "the token endpoint"}
}

// At returns the same operation at an endpoint that is not that of tokens.
func (o *Operation) At(place string) *Operation {
	there := *o
	there.place = place
	return &there
}

// with is the same operation for the integration as it is with another client secret.
func (o *Operation) with(in *plan.Integration) *Operation {
	other := *o
	other.In = in
	return &other
}

// On returns the same operation for another state of the connection.
func (o *Operation) On(c *connection.Connection) *Operation {
	other := *o
	other.Conn = c
	return &other
}

// Values are those of the connection, with what is generated for one request at a
// time.
func (o *Operation) Values() render.Values { return o.In.ValuesAt(o.Conn, o.Now()) }

// Typed are those of the connection's values that JSON has a type for.
func (o *Operation) Typed() render.Typed { return o.In.TypedOf(o.Conn) }

// Fail returns an error of the operation.
func (o *Operation) Fail(kind fault.Kind, detail string, cause error) error {
	return &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: kind, Detail: detail, Err: cause}
}
