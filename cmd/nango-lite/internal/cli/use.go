package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A use is an integration, ready to be used.
type use struct {
	in        *schema.Integration
	engine    *engine.Engine
	transport http.RoundTripper // nil: the engine's own
}

// use makes an engine for the one integration called name.
func (a *app) use(ctx context.Context, name string) (*use, error) {
	in, err := a.integration(ctx, name)
	if err != nil {
		return nil, err
	}
	u := &use{in: in}
	if u.transport, err = a.transport(in); err != nil {
		return nil, err
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	cfg := &schema.Config{Integrations: map[string]*schema.Integration{name: in}}
	if u.engine, err = engine.New(cfg, a.engineOptions(store, u.transport)); err != nil {
		return nil, err
	}
	a.onClose(refreshes{u.engine})
	return u, nil
}

// refreshes are those of an engine that are under way. A command may be done before
// they are: the token was still good. The new one must be stored all the same.
type refreshes struct{ e *engine.Engine }

func (r refreshes) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := r.e.Wait(ctx); err != nil {
		return errors.New("a refresh did not come to an end; the connection may have to be authorised again")
	}
	return nil
}

func (a *app) engineOptions(store engine.ConnectionStore, transport http.RoundTripper) *engine.Options {
	opts := &engine.Options{Connections: store, Transport: transport, Now: a.deps.Now}
	if a.trace {
		opts.Observe = a.observe
	}
	if a.verbose {
		opts.Logger = slog.New(slog.NewTextHandler(a.io.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return opts
}

// A noConnectionError means that there is none to choose.
type noConnectionError struct{ integration string }

func (e noConnectionError) Error() string {
	return fmt.Sprintf("integration %q has no connection", e.integration)
}

func isNoConnection(err error) bool { return errors.As(err, new(noConnectionError)) }

// defaultConnection is what connect makes where none is named.
const defaultConnection = "default"

// pick returns the connection that a command means: the one named, or the
// integration's only one.
func (u *use) pick(ctx context.Context, named string) (engine.Key, error) {
	return pick(ctx, u.engine, u.in.Name, named)
}

func pick(ctx context.Context, e *engine.Engine, integration, named string) (engine.Key, error) {
	k := engine.Key{Integration: integration, ConnectionID: named}
	if named != "" {
		return k, nil
	}
	const most = 10
	page, err := e.Connections(ctx, engine.Query{Integration: integration, Limit: most})
	if err != nil {
		return k, err
	}
	switch len(page.Connections) {
	case 0:
		return k, noConnectionError{integration}
	case 1:
		k.ConnectionID = page.Connections[0].Key.ConnectionID
		return k, nil
	}
	var ids []string
	for _, c := range page.Connections {
		ids = append(ids, c.Key.ConnectionID)
	}
	if page.Next != "" {
		ids = append(ids, "…")
	}
	return k, fmt.Errorf("integration %q has several connections; name one with --connection: %s", integration, strings.Join(ids, ", "))
}
