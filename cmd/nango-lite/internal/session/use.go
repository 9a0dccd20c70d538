package session

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

// A Use is an integration, ready to be used.
type Use struct {
	Integration *schema.Integration
	Engine      *engine.Engine
	Transport   http.RoundTripper // nil: the engine's own
}

// Use makes an engine for the one integration called name.
func (s *Session) Use(ctx context.Context, name string) (*Use, error) {
	in, err := s.Integration(ctx, name)
	if err != nil {
		return nil, err
	}
	u := &Use{Integration: in}
	if u.Transport, err = s.transport(in); err != nil {
		return nil, err
	}
	store, err := s.Storage().Open(ctx)
	if err != nil {
		return nil, err
	}
	cfg := &schema.Config{Integrations: map[string]*schema.Integration{name: in}}
	if u.Engine, err = engine.New(cfg, s.engineOptions(store, u.Transport)); err != nil {
		return nil, err
	}
	s.OnClose(refreshes{u.Engine})
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

func (s *Session) engineOptions(store engine.ConnectionStore, transport http.RoundTripper) *engine.Options {
	opts := &engine.Options{Connections: store, Transport: transport, Now: s.Deps.Now}
	if s.Trace {
		opts.Observe = s.observe
	}
	if s.Verbose {
		opts.Logger = slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return opts
}

// Existing makes an engine for an integration, and picks a connection of it.
func (s *Session) Existing(ctx context.Context, integration, connection string) (*Use, engine.Key, error) {
	u, err := s.Use(ctx, integration)
	if err != nil {
		return nil, engine.Key{}, err
	}
	k, err := u.Pick(ctx, connection)
	return u, k, err
}

// WithoutConfig returns an engine for what needs no integration.
func (s *Session) WithoutConfig(ctx context.Context) (*engine.Engine, error) {
	return s.engineOf(ctx, &schema.Config{})
}

// EngineFor returns an engine that knows what the integration declares, if that can
// be had, for what calls nobody: variables need not be set.
func (s *Session) EngineFor(ctx context.Context, integration string) (*engine.Engine, error) {
	if s.CheckFiles() == nil {
		cfg, _ := s.LoadFiles(ctx, s.Files, &Inventions{})
		if in := cfg.Integrations[integration]; in != nil {
			return s.engineOf(ctx, &schema.Config{Integrations: map[string]*schema.Integration{integration: in}})
		}
	}
	return s.WithoutConfig(ctx)
}

func (s *Session) engineOf(ctx context.Context, cfg *schema.Config) (*engine.Engine, error) {
	store, err := s.Storage().Open(ctx)
	if err != nil {
		return nil, err
	}
	return engine.New(cfg, s.engineOptions(store, nil))
}

// A noConnectionError means that there is none to choose.
type noConnectionError struct{ integration string }

func (e noConnectionError) Error() string {
	return fmt.Sprintf("integration %q has no connection", e.integration)
}

// IsNoConnection reports whether there is no connection to choose.
func IsNoConnection(err error) bool { return errors.As(err, new(noConnectionError)) }

// DefaultConnection is what connect makes where none is named.
const DefaultConnection = "default"

// Pick returns the connection that a command means: the one named, or the
// integration's only one.
func (u *Use) Pick(ctx context.Context, named string) (engine.Key, error) {
	return Pick(ctx, u.Engine, u.Integration.Name, named)
}

// Pick is [Use.Pick] for an engine that may know no integration.
func Pick(ctx context.Context, e *engine.Engine, integration, named string) (engine.Key, error) {
	k := engine.Key{Integration: integration, ConnectionID: named}
	if named != "" {
		return k, nil
	}
	const most = 10
	page, err := e.Connections(ctx, engine.Query{Integration: integration, Limit: most})
	if err != nil {
		return k, err
	}
	ids := page.IDs()
	switch len(ids) {
	case 0:
		return k, noConnectionError{integration}
	case 1:
		k.ConnectionID = ids[0]
		return k, nil
	}
	if page.Next != "" {
		ids = append(ids, "…")
	}
	return k, fmt.Errorf("integration %q has several connections; name one with --connection: %s", integration, strings.Join(ids, ", "))
}
