package engine

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/mode"
)

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
	if err := named(op, k); err != nil {
		return nil, err
	}
	d, err := in.deviceAuth(ctx, op, k, opts)
	ev := Event{Kind: EventAuthorize, Key: k, Reason: "sending the user to another device", Err: err}
	if err == nil {
		ev.URL = in.shownPage(d.VerificationURI, d.Connection(in.Auth.AuthMode))
		if scope := in.JoinScopes(d.Scopes); scope != "" {
			ev.Reason += ", asking for " + scope
		}
	}
	e.watch.Tell(ctx, ev)
	return d, err
}

func (in *integration) deviceAuth(ctx context.Context, op string, k Key, opts *AuthCodeOptions) (*DeviceAuth, error) {
	m, ok := in.mode.(mode.DeviceConsenter)
	if !ok || in.Auth.DeviceAuthorizationURL == "" {
		return nil, &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "the integration declares no device_authorization_url"}
	}
	if opts == nil {
		opts = &AuthCodeOptions{}
	}
	fields, secrets, err := in.brought(op, k, opts)
	if err != nil {
		return nil, err
	}
	d := &DeviceAuth{Key: k, Scopes: in.ScopesOr(opts.Scopes), Fields: fields, SecretFields: secrets, Metadata: opts.Metadata, Tags: opts.Tags}
	if err := m.BeginDevice(ctx, in.token.For(op, d.Connection(in.Auth.AuthMode)), d); err != nil {
		return nil, err
	}
	return d, nil
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
		e.watch.Tell(ctx, Event{Kind: EventWait, Key: d.Key, Wait: pending.RetryAfter, Reason: reason + ": asking again in " + strconv.FormatFloat(pending.RetryAfter.Seconds(), 'f', -1, 64) + " s"})
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
	m, ok := in.mode.(mode.DeviceConsenter)
	if !ok {
		return nil, &Error{Op: op, Key: d.Key, Kind: KindUnsupported, Detail: "auth_mode " + string(in.Auth.AuthMode) + " has no device flow"}
	}
	c := d.Connection(in.Auth.AuthMode)
	if err := m.PollDevice(ctx, in.token.For(op, c), d); err != nil {
		return nil, err
	}
	return c, e.admit(ctx, op, in, c)
}
