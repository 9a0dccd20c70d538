package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
)

func refreshChecks(e *Entry, _ Options) ([]check, string) {
	if e.Played.Auth.RefreshesAccessToken() { // one that was refused is not good for that either
		return []check{{"asked for", tokenStep{e}.refreshesAsked}}, "asked for, with the access token itself"
	}
	after, checks := tokenStep{e}.refreshesAfter, []check{{"asked for", tokenStep{e}.refreshesAsked}}
	if !e.Played.Auth.AuthMode.Codes() {
		after, checks = tokenStep{e}.renewsAfter, nil
	}
	checks = append(checks, check{"after 401", after(nil)})
	about := "after 401"
	conditions := e.Played.Auth.RefreshOn
	for i := range conditions {
		for j, a := range alternatives(&conditions[i], shape(e.Played), codePath(e.Played)) {
			checks = append(checks, check{"refresh_on " + strconv.Itoa(i+1) + "." + strconv.Itoa(j+1), after(&a)})
			about = "after 401 and what refresh_on names"
		}
		for j, a := range neighbours(&conditions[i], shape(e.Played), codePath(e.Played)) {
			checks = append(checks, check{"beside refresh_on " + strconv.Itoa(i+1) + "." + strconv.Itoa(j+1), tokenStep{e}.keepsAfter(a)})
		}
	}
	if e.Played.Auth.AuthMode.Codes() {
		about += ", and rotated"
	}
	return checks, about
}

// refreshesAfter holds that an answer which means that the token has expired is
// followed by one refresh and the same request once more. A nil answer is the
// sandbox's own.
func (e tokenStep) refreshesAfter(a *answer) func(context.Context) error {
	return func(ctx context.Context) error {
		st, before, err := e.expiring(ctx)
		if err != nil {
			return err
		}
		if a == nil {
			err = st.provider.Fault(sandbox.FaultExpired, 1)
		} else {
			st.wire.reset(func(_ *http.Request, n int) *answer { return first(n, a) })
		}
		if err != nil {
			return err
		}
		if _, err := st.succeed(ctx, e.probe()); err != nil {
			return err
		}
		if got := len(st.wire.requests()); got != 2 {
			return fmt.Errorf("%s, want the first and its replay", plural(got, "request"))
		}
		if err := st.rotated(ctx, before); err != nil {
			return err
		}
		return st.wire.err()
	}
}

// keepsAfter holds that another answer leaves the token as it is.
func (e tokenStep) keepsAfter(a answer) func(context.Context) error {
	return func(ctx context.Context) error {
		m := meaningOf(e.Played, &a)
		if m.expired {
			return nil
		}
		st, err := e.connected(ctx, setup{once: true, sandbox: sandbox.Options{TokenLifetime: e.lifetime()}})
		if err != nil {
			return err
		}
		st.wire.reset(func(*http.Request, int) *answer { return &a })
		if _, _, err := st.do(ctx, e.probe()); err != nil {
			return err
		}
		if n := st.provider.Stats().Refreshes; n != 0 {
			return fmt.Errorf("%s: the token was refreshed", a.describe())
		}
		return nil
	}
}

func first(n int, a *answer) *answer {
	if n == 1 {
		return a
	}
	return nil
}

// rotated holds that one refresh has replaced both tokens and kept the rest.
func (st *stage) rotated(ctx context.Context, before *engine.Connection) error {
	after, err := st.engine.Connection(ctx, st.key)
	if err != nil {
		return err
	}
	old, fresh := &before.Credentials.Token, &after.Credentials.Token
	switch n := st.provider.Stats().Refreshes; {
	case n != 1:
		return fmt.Errorf("%s, want 1", plural(n, "refresh"))
	case old.AccessToken.Equal(fresh.AccessToken):
		return errors.New("the access token is still the old one")
	case old.RefreshToken.IsSet() && old.RefreshToken.Equal(fresh.RefreshToken):
		return errors.New("the refresh token is still the old one, and the sandbox rotates")
	}
	for name, v := range before.Fields {
		if after.Fields[name] != v {
			return fmt.Errorf("connection.%s was lost", name)
		}
	}
	return nil
}

func (e tokenStep) refreshesAsked(ctx context.Context) error {
	st, before, err := e.expiring(ctx)
	if err != nil {
		return err
	}
	if _, err := st.engine.Refresh(ctx, st.key); err != nil {
		return err
	}
	return st.rotated(ctx, before)
}

// renewsAfter holds that an answer which means that the token has ended is followed by
// another token, and the same request once more. A nil answer is the sandbox's own.
func (e tokenStep) renewsAfter(a *answer) func(context.Context) error {
	return func(ctx context.Context) error {
		st, _, err := e.expiring(ctx)
		if err != nil {
			return err
		}
		before, err := st.tokenUsed(ctx)
		if err != nil {
			return err
		}
		st.clock.advance(2 * time.Second) // two JWTs of the same second are the same
		st.wire.reset(func(_ *http.Request, n int) *answer { return first(n, a) })
		if a == nil {
			if err := st.provider.Fault(sandbox.FaultExpired, 1); err != nil {
				return err
			}
		}
		after, err := st.tokenUsed(ctx)
		if err != nil {
			return err
		}
		if got := len(st.wire.requests()); got != 2 {
			return fmt.Errorf("%s, want the first and its replay", plural(got, "request"))
		}
		if after.Equal(before) {
			return errors.New("the token is still the old one")
		}
		return st.wire.err()
	}
}
