// Package lookup finds what a connection is still to carry by asking the provider: the
// connection fields with from: request. Start with [Table.For].
package lookup

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// A Table is the look-ups of an integration. It is safe for concurrent use.
type Table struct {
	In      *plan.Integration
	Now     func() time.Time
	Timeout time.Duration // of one look-up

	// Call makes the call of a look-up, and returns an answer that means success.
	Call func(*Request) (*http.Response, error)
}

// An Operation is what is looked up for one connection, with the credentials that the
// session supplies.
type Operation struct {
	*Table
	Name    string // for errors: such as "connect"
	Conn    *connection.Connection
	Session layer.Session
}

// For returns the operation of that name on c.
func (t *Table) For(name string, c *connection.Connection, session layer.Session) *Operation {
	return &Operation{t, name, c, session}
}

// Fill looks up what the connection does not carry yet, each field after those that it
// needs. What is there was chosen beforehand, as far as fresh says so, and must be among
// the choices. Where there are several and none is chosen, the field is left open, as
// is what needs it.
func (o *Operation) Fill(ctx context.Context, fresh func(name string) bool) error {
	for i := range o.In.LookUps {
		l := &o.In.LookUps[i]
		_, has := o.In.Carried(o.Conn, l.Name)
		if has && (l.List == nil || !fresh(l.Name)) || o.waits(l) {
			continue
		}
		if err := o.fill(ctx, l); err != nil && (!l.Optional || has || ctx.Err() != nil) {
			return err
		}
	}
	return nil
}

func (o *Operation) fill(ctx context.Context, l *plan.LookUp) error {
	doc, err := o.ask(ctx, l)
	if err != nil {
		return err
	}
	v, kind, reason := o.value(l, doc)
	if v != "" {
		if misfits := plan.Misfit(l.Field, o.In.Parsed.Patterns["connection."+l.Name], v); misfits != "" {
			kind, reason = fault.KindInvalidResponse, "was looked up and "+misfits
		}
	}
	if reason != "" {
		return o.fail(kind, "connection."+l.Name+" "+reason, nil)
	}
	if v != "" {
		o.In.SetField(o.Conn, l.Name, v)
	}
	return nil
}

func (o *Operation) fail(kind fault.Kind, detail string, cause error) error {
	return &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: kind, Detail: detail, Err: cause}
}

// value takes the value out of an answer, or says why it cannot. It is empty where
// there is nothing to set: the value was chosen beforehand, is still to be chosen, or
// the default will do.
func (o *Operation) value(l *plan.LookUp, doc any) (v string, kind fault.Kind, reason string) {
	if l.List == nil {
		if v, _ = schema.TextAt(doc, l.JSONPath()); v == "" && l.Default == "" {
			return "", fault.KindInvalidResponse, "was looked up, and the answer has no value for it"
		}
		return v, "", ""
	}
	choices, ok := choicesOf(l, doc)
	chosen, has := o.In.Carried(o.Conn, l.Name)
	switch {
	case !ok:
		return "", fault.KindInvalidResponse, "is looked up in a list, and the answer has none at " + strconv.Quote(l.List.Items)
	case has && !hasChoice(choices, chosen):
		return "", fault.KindClient, fmt.Sprintf("is none of the %d that there are to choose from", len(choices))
	case !has && len(choices) == 1:
		return choices[0].Value, "", ""
	case !has && len(choices) == 0 && l.Default == "":
		return "", fault.KindDenied, "has nothing to choose from: whoever connected has access to none"
	}
	return "", "", ""
}
