package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A tokenStep lets tokens end, be refreshed and be taken back.
type tokenStep struct{ *Entry }

// lifetime is how long tokens live while they are refreshed here: long enough for the
// engine to keep to auth.refresh_margin_seconds, which is a quarter of it at most.
func (e tokenStep) lifetime() time.Duration { return max(time.Hour, 5*e.margin()) }

func (e tokenStep) expiring(ctx context.Context) (*stage, *engine.Connection, error) {
	st, err := e.connected(ctx, setup{sandbox: sandbox.Options{TokenLifetime: e.lifetime()}})
	if err != nil {
		return nil, nil, err
	}
	c, err := st.engine.Connection(ctx, st.key)
	return st, c, err
}

// margin is how long before its end a token is replaced, as auth.refresh_margin_seconds says.
func (e tokenStep) margin() time.Duration {
	if s := e.Played.Auth.RefreshMarginSeconds; s != nil {
		return time.Duration(*s * float64(time.Second))
	}
	return time.Minute
}

func expireChecks(e *Entry, _ Options) ([]check, string) {
	if !e.Played.Auth.AuthMode.Codes() {
		return []check{{"ahead of the end", tokenStep{e}.renewsAhead}, {"the declared end", tokenStep{e}.endsAsDeclared}}, "another token is obtained when the end is near"
	}
	if e.Played.Auth.RefreshesAccessToken() {
		return []check{{"ahead of the end", tokenStep{e}.refreshesAhead}}, fmt.Sprintf("refreshed %s before its end, as long as it is good", tokenStep{e}.margin())
	}
	checks := []check{{"ahead of the end", tokenStep{e}.refreshesAhead}, {"after the end", tokenStep{e}.refreshesOnce}}
	about := fmt.Sprintf("refreshed %s before its end; once for four callers", tokenStep{e}.margin())
	if e.Played.Auth.RefreshTokenLifetimeSeconds > 0 {
		checks = append(checks, check{"idle, too early", tokenStep{e}.keepsIdle(0.49, 0)}, check{"idle", tokenStep{e}.keepsIdle(0.76, 1)})
		about += "; kept alive while nobody calls"
	}
	return checks, about
}

// keepsIdle holds that a connection which nobody uses is refreshed before its
// refresh token lapses: when half to three quarters of its life are over.
func (e tokenStep) keepsIdle(part float64, want int) func(context.Context) error {
	return func(ctx context.Context) error {
		st, _, err := e.expiring(ctx)
		if err != nil {
			return err
		}
		st.clock.advance(time.Duration(part * e.Played.Auth.RefreshTokenLifetimeSeconds * float64(time.Second)))
		ctx, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() { st.engine.Run(ctx) })
		turnOf(ctx).rest()
		refreshes := func() int { return st.provider.Stats().Refreshes }
		for tries := 0; tries < 1200 && (refreshes() < want || want == 0 && tries < 20); tries++ { // a minute: machines are busy
			time.Sleep(50 * time.Millisecond)
		}
		stop()
		running.Wait()
		if got := refreshes(); got != want {
			return fmt.Errorf("after %.0f %% of the refresh token's life: %s, want %d", 100*part, plural(got, "refresh"), want)
		}
		return nil
	}
}

// refreshesAhead holds that a token is replaced when its end is near, and not
// before.
func (e tokenStep) refreshesAhead(ctx context.Context) error {
	st, c, err := e.expiring(ctx)
	if err != nil {
		return err
	}
	left := c.Credentials.Token.ExpiresAt.Sub(st.clock.now())
	if !near(left, e.lifetime()) {
		return fmt.Errorf("the token is good for %s; the sandbox said %s", left, e.lifetime())
	}
	st.clock.advance(left - e.margin() - time.Second/2)
	for _, want := range []int{0, 1} {
		if _, err := st.tokenUsed(ctx); err != nil {
			return err
		}
		if got := st.provider.Stats().Refreshes; got != want {
			return fmt.Errorf("%s, want %d", plural(got, "refresh"), want)
		}
		st.clock.advance(time.Second)
	}
	return st.wire.err()
}

// endsAsDeclared holds that a token ends as the blueprint says where no answer does.
func (e tokenStep) endsAsDeclared(ctx context.Context) error {
	st, err := e.connected(ctx, setup{})
	if err != nil {
		return err
	}
	c, err := st.engine.Connection(ctx, st.key)
	if err != nil {
		return err
	}
	x := schema.Expires{Path: "expires_in"}
	if r := e.Played.Auth.TokenResponse; r != nil && r.Expires != nil {
		x = *r.Expires
	}
	declared := time.Duration(e.Played.Auth.TokenLifetimeSeconds * float64(time.Second))
	if declared == 0 || at(e.tokenSample(), x.Path) != "" {
		return nil
	}
	if left := c.Credentials.Token.ExpiresAt.Sub(st.clock.now()); !near(left, declared) {
		return fmt.Errorf("the token is good for %s, and %s is declared", left, declared)
	}
	return nil
}

// renewsAhead holds that a token which is given for credentials gives way to another when
// its end is near, and not before. How long it lives the answer says, or the blueprint.
func (e tokenStep) renewsAhead(ctx context.Context) error {
	st, c, err := e.expiring(ctx)
	if err != nil {
		return err
	}
	a := &e.Played.Auth
	declared := time.Duration(a.TokenLifetimeSeconds * float64(time.Second))
	if c.Credentials.Token.ExpiresAt.IsZero() {
		if declared > 0 || a.TokenResponse != nil && a.TokenResponse.Expires != nil {
			return errors.New("no end of the token is known, and one is declared")
		}
		return nil
	}
	token := func() (t schema.Secret) {
		if err == nil {
			t, err = st.tokenUsed(ctx)
		}
		return t
	}
	first := token()
	left := c.Credentials.Token.ExpiresAt.Sub(st.clock.now())
	if e.Played.Auth.AuthMode != schema.SignedJWT && !near(left, e.lifetime()) && !near(left, declared) { // a JWT says it itself
		return fmt.Errorf("the token is good for %s; the sandbox said %s, and %s is declared", left, e.lifetime(), declared)
	}
	st.clock.advance(left - min(e.margin(), left/4) - time.Second/2)
	if again := token(); err == nil && !again.Equal(first) {
		return errors.New("the token gave way too early")
	}
	st.clock.advance(time.Second)
	if again := token(); err == nil && again.Equal(first) {
		return errors.New("the token is still the old one")
	}
	return errors.Join(err, st.wire.err())
}

// tokenUsed makes a call, and returns the token that there is then. The engine does not
// wait for another for long while the old one is good; we do.
func (st *stage) tokenUsed(ctx context.Context) (schema.Secret, error) {
	if _, err := st.succeed(ctx, st.entry.probe()); err != nil {
		return schema.Secret{}, err
	}
	if err := st.engine.Wait(ctx); err != nil {
		return schema.Secret{}, err
	}
	c, err := st.engine.Connection(ctx, st.key)
	if err != nil {
		return schema.Secret{}, err
	}
	return c.Credentials.Token.AccessToken, nil
}

// near reports whether two ends are the same, one of which may be in whole seconds.
func near(a, b time.Duration) bool { return (a - b).Abs() < time.Second }

// refreshesOnce holds that four callers with one expired token make one refresh.
func (e tokenStep) refreshesOnce(ctx context.Context) error {
	st, _, err := e.expiring(ctx)
	if err != nil {
		return err
	}
	st.clock.advance(e.lifetime() + time.Second)
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = st.succeed(ctx, e.probe()) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if got := st.provider.Stats().Refreshes; got != 1 {
		return fmt.Errorf("%s for four callers, want 1", plural(got, "refresh"))
	}
	return st.wire.err()
}
