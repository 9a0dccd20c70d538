package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
)

func revokedChecks(e *Entry, _ Options) ([]check, string) {
	if e.Played.Auth.AuthMode.Codes() {
		return []check{{"withdrawn by the user", tokenStep{e}.needsReauthorization}}, "the connection needs reauthorization"
	}
	if e.Played.Auth.Issues() {
		return []check{{"withdrawn by the user", tokenStep{e}.obtainsAnother}}, "another token is obtained"
	}
	return []check{{"withdrawn by the user", e.meansReauthorize}}, "a dead credential is of kind reauthorize"
}

// obtainsAnother holds that a token which is refused gives way to a new one, where
// nobody need be asked.
func (e tokenStep) obtainsAnother(ctx context.Context) error {
	st, err := e.connected(ctx, setup{})
	if err != nil {
		return err
	}
	if err := st.provider.Fault(sandbox.FaultRevoked, 1); err != nil {
		return err
	}
	_, err = st.succeed(ctx, e.probe())
	return err
}

// needsReauthorization holds that a revoked grant ends the connection, and that
// no further call bothers the provider.
func (e tokenStep) needsReauthorization(ctx context.Context) error {
	st, _, err := e.expiring(ctx)
	if err != nil {
		return err
	}
	if err := st.provider.Fault(sandbox.FaultRevoked, 1); err != nil {
		return err
	}
	a, resp, err := st.do(ctx, e.probe())
	if err == nil && !errors.Is(engine.CheckResponse(resp), engine.ErrReauthorize) {
		return fmt.Errorf("the call that finds out: got %v, want an error of kind reauthorize", engine.CheckResponse(resp))
	} else if err != nil && !errors.Is(err, engine.ErrReauthorize) {
		return err
	}
	if err == nil && !meaningOf(e.Played, a).expired {
		// The API tells a withdrawn token from an expired one; the next refresh finds out.
		if _, err := st.engine.Refresh(ctx, st.key); !errors.Is(err, engine.ErrReauthorize) {
			return fmt.Errorf("the refresh that finds out: got %v, want an error of kind reauthorize", err)
		}
	}
	c, err := st.engine.Connection(ctx, st.key)
	if err != nil {
		return err
	}
	if c.Status != engine.StatusNeedsReauthorization {
		return fmt.Errorf("the connection is %s, want %s", c.Status, engine.StatusNeedsReauthorization)
	}
	st.wire.reset(nil)
	if _, _, err := st.do(ctx, e.probe()); !errors.Is(err, engine.ErrReauthorize) || len(st.wire.requests()) > 0 {
		return fmt.Errorf("the next call: got %v, want an error of kind reauthorize and no request", err)
	}
	return nil
}

func (e *Entry) meansReauthorize(ctx context.Context) error {
	st, err := e.connected(ctx, setup{})
	if err != nil {
		return err
	}
	if err := st.provider.Fault(sandbox.FaultRevoked, 1); err != nil {
		return err
	}
	_, resp, err := st.do(ctx, e.probe())
	if err != nil {
		return err
	}
	if err := engine.CheckResponse(resp); !errors.Is(err, engine.ErrReauthorize) {
		return fmt.Errorf("got %v, want an error of kind reauthorize", err)
	}
	return nil
}

func revokeChecks(e *Entry, _ Options) ([]check, string) {
	return []check{{"revocation_url", tokenStep{e}.revokes}}, "the provider is told when a connection is removed"
}

func (e tokenStep) revokes(ctx context.Context) error {
	st, _, err := e.expiring(ctx)
	if err != nil {
		return err
	}
	if err := st.engine.Revoke(ctx, st.key); err != nil {
		return err
	}
	want := 1
	if how := e.Played.Auth.RevocationRequest; how != nil && how.With == "both" {
		want = 2
	}
	if n := st.provider.Stats().Revocations; n != want {
		return fmt.Errorf("%s, want %d", plural(n, "revocation"), want)
	}
	return errors.Join(st.nothingStored(ctx), st.wire.err())
}
