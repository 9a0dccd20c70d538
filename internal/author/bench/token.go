package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
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
