package token

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/schema"
)

// LearnEnd asks the provider when the token ends (RFC 7662), where nothing else says
// it; see [SetEnd]. A provider that does not answer is no reason to do
// without the token: its end then shows when the API refuses it. One that calls it
// inactive is.
func (o *Operation) LearnEnd(ctx context.Context) error {
	t := &o.Conn.Credentials.Token
	if o.In.Auth.IntrospectionURL == "" || !t.ExpiresAt.IsZero() || t.AccessToken.Empty() {
		return nil
	}
	start := o.Now()
	end, err := o.introspect(ctx)
	ev := event.Event{Kind: event.End, Key: o.Conn.Key, Duration: o.Now().Sub(start), Err: err}
	switch {
	case fault.KindOf(err) == fault.KindInvalidResponse:
		ev.Reason = "the provider calls its own new token inactive, or makes no sense"
	case err != nil:
		ev.Reason, err = "the provider was asked when the token ends, and did not say; only a refusal will show it", nil
	case end.IsZero():
		ev.Reason = "the provider was asked when the token ends, and states no end"
	default:
		t.ExpiresAt = end
		ev.Reason = "the provider was asked when the token ends: in " + end.Sub(o.Now()).Round(time.Second).String()
	}
	o.Tell(ctx, ev)
	return err
}

// introspect returns when the token ends, or the zero time if the answer does not
// say. The error is of fault.KindInvalidResponse if the token is not active.
func (o *Operation) introspect(ctx context.Context) (time.Time, error) {
	o = o.At("the introspection endpoint")
	o.Name = "introspect"
	params := map[string]string{"token": o.Conn.Credentials.Token.AccessToken.Reveal(), "token_type_hint": "access_token"}
	answer, err := o.AskBeside(ctx, "the introspection request", o.In.Parsed.IntrospectionURL, params, nil)
	if err != nil {
		if fault.KindOf(err) == fault.KindInvalidResponse { // a page, say: that is not about the token
			err = o.Fail(fault.KindUnavailable, "the introspection answer cannot be read", err)
		}
		return time.Time{}, err
	}
	if active, ok := answer.Doc["active"].(bool); !ok || !active {
		if !ok {
			return time.Time{}, &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: fault.KindUnavailable, Status: answer.Status, Detail: `the introspection answer has no "active" (RFC 7662 2.2)`}
		}
		return time.Time{}, &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: fault.KindInvalidResponse, Status: answer.Status, Detail: "the token that was just given is not active"}
	}
	text, _ := schema.TextAt(answer.Doc, "exp")
	exp, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(exp) || exp <= 0 || exp > math.MaxInt32*64 {
		return time.Time{}, nil
	}
	if end := time.Unix(int64(exp), 0).UTC(); end.After(o.Now()) {
		return end, nil
	}
	return time.Time{}, nil // it is active: our clocks differ
}
