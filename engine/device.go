package engine

import (
	"context"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code" // RFC 8628 3.4

	devicePace  = 5 * time.Second // between polls unless the provider says otherwise, and what slow_down adds (RFC 8628 3.5)
	deviceSlow  = time.Minute     // the longest pace that outages alone lead to
	longestPace = time.Hour       // of those that a provider may ask for
)

// A StillPendingError is what [Engine.PollDevice] returns while the user has not
// decided. Ask again after RetryAfter.
type StillPendingError struct {
	Key        Key
	RetryAfter time.Duration
	Err        error // why the provider could not be asked; nil if it said that the user has not decided
}

// Error describes the error in one line.
func (e *StillPendingError) Error() string {
	text := "connect " + e.Key.String() + ": the user has not consented yet"
	if e.Err != nil {
		text += ", as far as is known: " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *StillPendingError) Unwrap() error { return e.Err }

// DeviceAuth starts the device flow (RFC 8628) for k: the user enters a code at a
// page of the provider, on whatever device. Show them VerificationURI and UserCode
// of the result, then wait with [Engine.DeviceAccessToken], or ask from time to time
// with [Engine.PollDevice]. A nil opts means the zero AuthCodeOptions.
//
// It fails with KindClient if the integration has no client id, and with
// KindUnsupported if it declares no device_authorization_url; see
// [Description.Device].
func (e *Engine) DeviceAuth(ctx context.Context, k Key, opts *AuthCodeOptions) (*DeviceAuth, error) {
	const op = "authorize device"
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	d, err := e.deviceAuth(ctx, op, in, k, opts)
	ev := Event{Kind: EventAuthorize, Key: k, Reason: "sending the user to another device", Err: err}
	if err == nil {
		ev.URL = withoutQuery(d.VerificationURI)
		if scope := in.JoinScopes(d.Scopes); scope != "" {
			ev.Reason += ", asking for " + scope
		}
	}
	e.emit(ctx, ev)
	return d, err
}

func (e *Engine) deviceAuth(ctx context.Context, op string, in *integration, k Key, opts *AuthCodeOptions) (*DeviceAuth, error) {
	if in.Auth.AuthMode != schema.OAuth2 || in.Auth.DeviceAuthorizationURL == "" {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "the integration declares no device_authorization_url"}
	}
	if opts == nil {
		opts = &AuthCodeOptions{}
	}
	fields, secrets, err := in.brought(op, k, opts)
	if err != nil {
		return nil, err
	}
	d := &DeviceAuth{Key: k, Scopes: in.ScopesOr(opts.Scopes), Fields: fields, SecretFields: secrets, Metadata: opts.Metadata}
	c := d.connection(in)
	if err := in.TakeFields(op, c, schema.FromCallback, func(string) (string, bool) { return "", false }); err != nil {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "the integration needs what only a callback says", Err: err}
	}
	o := in.token.For(op, c).At("the device authorization endpoint")
	answer, err := o.AskBeside(ctx, "the device authorization request", in.Parsed.DeviceURL, in.deviceParams(c, d.Scopes), in.Parsed.DeviceParams)
	if err != nil {
		return nil, o.Blame(err)
	}
	if err := d.take(op, answer, e.opts.Now()); err != nil {
		return nil, err
	}
	return d, nil
}

// deviceParams are those of RFC 8628 3.1. The client's id is there in any case: many
// servers look for it in the body alone.
func (in *integration) deviceParams(c *Connection, scopes []string) map[string]string {
	id, _ := in.Client(c)
	params := map[string]string{"client_id": id.Reveal()}
	if scope := in.JoinScopes(scopes); scope != "" {
		params["scope"] = scope
	}
	return params
}

// DeviceAccessToken waits until the user has consented to d, and stores the
// connection. It asks the provider at the pace that it wants, and less often after
// an outage. Most hosts with a terminal or a job of their own want this; those that
// answer requests want [Engine.PollDevice].
//
// It fails with KindDenied if the user or the provider said no, and with KindState
// if the time for it is over; else as [Engine.Exchange].
func (e *Engine) DeviceAccessToken(ctx context.Context, d *DeviceAuth) (*Connection, error) {
	for {
		now := e.opts.Now()
		next := d.NextPoll
		if next.After(d.ExpiresAt) {
			next = d.ExpiresAt
		}
		wait := time.NewTimer(next.Sub(now))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		}
		c, err := e.pollNow(ctx, d)
		if pending := new(StillPendingError); !errors.As(err, &pending) {
			return c, err
		}
	}
}

// PollDevice asks once whether the user has consented to d, and if so stores the
// connection. While they have not decided the error is a [*StillPendingError], and
// so it is, without a request, before d.NextPoll. It changes Interval and NextPoll
// of d: where d is kept sealed, keep it anew.
//
// It fails as [Engine.DeviceAccessToken] does.
func (e *Engine) PollDevice(ctx context.Context, d *DeviceAuth) (*Connection, error) {
	now := e.opts.Now()
	if left := d.NextPoll.Sub(now); left > 0 && now.Before(d.ExpiresAt) {
		return nil, &StillPendingError{Key: d.Key, RetryAfter: left}
	}
	return e.pollNow(ctx, d)
}

func (e *Engine) pollNow(ctx context.Context, d *DeviceAuth) (*Connection, error) {
	const op = "exchange device code"
	now := e.opts.Now()
	if !now.Before(d.ExpiresAt) {
		return nil, &Error{Op: op, Key: d.Key, Kind: KindState, Detail: "the user did not consent in time"}
	}
	c, err := e.pollDevice(ctx, op, d)
	if pending := new(StillPendingError); errors.As(err, &pending) {
		reason := "the user has not consented yet"
		if pending.Err != nil {
			reason = "the token endpoint could not be asked"
		}
		e.emit(ctx, Event{Kind: EventWait, Key: d.Key, Wait: pending.RetryAfter, Reason: reason + ": asking again in " + shortFloat(pending.RetryAfter.Seconds()) + " s"})
		return nil, err
	}
	e.exchanged(ctx, d.Key, "the device code", c, now, err)
	return c, err
}

func (e *Engine) pollDevice(ctx context.Context, op string, d *DeviceAuth) (*Connection, error) {
	in, err := e.integration(d.Key.Integration)
	if err != nil {
		return nil, err
	}
	c := d.connection(in)
	params := map[string]string{"grant_type": deviceGrant, "device_code": d.DeviceCode.Reveal()}
	o := in.token.For(op, c)
	answer, err := o.RedeemBuilt(ctx, in.Parsed.TokenURL, func(o *token.Operation) (*oauthwire.Request, error) {
		r, err := o.Build(in.Parsed.TokenURL, params, in.Parsed.TokenParams)
		if err == nil {
			r.Params["grant_type"] = deviceGrant // token_params may name that of codes
		}
		return r, err
	})
	if err != nil {
		return nil, d.undecided(o.Blame(err), e.opts.Now())
	}
	if err := e.settle(ctx, in, o, answer, d.Scopes); err != nil {
		return nil, err
	}
	return c, nil
}

// undecided returns a [*StillPendingError] where err leaves hope, and says when to
// ask again (RFC 8628 3.5); else what err means here.
func (d *DeviceAuth) undecided(err error, now time.Time) error {
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		return err // the context's own
	}
	var cause error
	wait := d.Interval
	switch {
	case refused.Code == "authorization_pending":
	case refused.Code == "slow_down":
		d.Interval = min(d.Interval+devicePace, longestPace)
		wait = max(d.Interval, refused.RetryAfter)
	case refused.Code == "access_denied":
		return fault.Mean(err, KindDenied, "the user or the provider said no")
	case refused.Code == "expired_token":
		return fault.Mean(err, KindState, "the user did not consent in time")
	case refused.Kind == KindRateLimited:
		cause, wait = err, max(d.Interval, refused.RetryAfter)
	case refused.Kind == KindUnavailable:
		d.Interval = max(d.Interval, min(2*d.Interval, deviceSlow))
		cause, wait = err, d.Interval
	default:
		return err
	}
	d.NextPoll = now.Add(wait)
	return &StillPendingError{Key: d.Key, RetryAfter: wait, Err: cause}
}

// connection is what d becomes, without its token.
func (d *DeviceAuth) connection(in *integration) *Connection {
	c := pendingConnection(in, d.Key, d.Fields, d.SecretFields)
	c.Metadata = d.Metadata
	return c
}
