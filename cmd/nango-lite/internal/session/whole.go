package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/telemetry"
)

// A Whole is all integrations of the configuration, ready to be used.
type Whole struct {
	Engine    *engine.Engine
	Store     storage.Store
	Transport http.RoundTripper // nil: the engine's own

	config  atomic.Pointer[schema.Config]
	session *Session
	played  *played // nil: the real providers, or those of a sandbox elsewhere
}

// Whole makes an engine for all integrations, which must all be in order. observe is
// told of its events.
func (s *Session) Whole(ctx context.Context, observe telemetry.Observer) (*Whole, error) {
	cfg, err := s.loadWhole(ctx)
	if err != nil {
		return nil, err
	}
	w := &Whole{session: s}
	w.config.Store(cfg)
	switch s.Sandbox {
	case "":
		w.Transport = s.Deps.Transport
	case InProcess:
		w.played = &played{}
		if err = w.play(cfg); err == nil {
			w.Transport = w.played
		}
	default:
		w.Transport, err = sandbox.RemoteTransport(s.SandboxURL(), slices.Collect(maps.Values(cfg.Integrations)), s.Deps.Transport)
	}
	if err != nil {
		return nil, err
	}
	if w.Store, err = s.Storage().Open(ctx); err != nil {
		return nil, err
	}
	opts := s.engineOptions(w.Store, w.Transport)
	opts.Observe = telemetry.Tee(opts.Observe, observe)
	if w.Engine, err = engine.New(cfg, opts); err != nil {
		return nil, err
	}
	s.OnClose(refreshes{w.Engine})
	return w, nil
}

// loadWhole loads the files and says what is wrong with them.
func (s *Session) loadWhole(ctx context.Context) (*schema.Config, error) {
	cfg, ds, made, err := s.Load(ctx)
	if err != nil {
		return nil, err
	}
	_ = ds.WriteText(s.Err)
	if ds.HasErrors() {
		return nil, fmt.Errorf("the configuration cannot be used: %s", Count(ds, loader.Error))
	}
	s.TellInventions(made, "")
	return cfg, nil
}

// Reload reads the files again. If they cannot be used, what was in force stays.
func (w *Whole) Reload(ctx context.Context) error {
	cfg, err := w.session.loadWhole(ctx)
	if err != nil {
		return err
	}
	if w.played != nil {
		before := w.played.mux.Load()
		if err := w.play(cfg); err != nil {
			return err
		}
		if err := w.Engine.Reload(cfg); err != nil {
			w.played.mux.Store(before)
			return err
		}
	} else if err := w.Engine.Reload(cfg); err != nil {
		return err
	}
	w.config.Store(cfg)
	return nil
}

// Sandbox answers as the providers that are played in this process; nil if none are.
func (w *Whole) Sandbox() http.Handler {
	if w.played == nil {
		return nil
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.played.mux.Load().ServeHTTP(rw, r) })
}

// Provider returns the name of the blueprint that an integration extends; empty if it
// extends none.
func (w *Whole) Provider(integration string) string {
	in := w.config.Load().Integrations[integration]
	if in == nil {
		return ""
	}
	name, _, _ := strings.Cut(in.ExtendsBlueprint, ":")
	return name
}

// Config is the configuration that is in force.
func (w *Whole) Config() *schema.Config { return w.config.Load() }

// Use returns one of the integrations.
func (w *Whole) Use(name string) *Use {
	return &Use{Integration: w.Config().Integrations[name], Engine: w.Engine, Transport: w.Transport}
}

// play plays the providers of cfg from now on.
func (w *Whole) play(cfg *schema.Config) error {
	var providers []*sandbox.Provider
	for _, name := range slices.Sorted(maps.Keys(cfg.Integrations)) {
		p, err := w.session.Provider(cfg.Integrations[name])
		if errors.Is(err, errors.ErrUnsupported) {
			w.session.Notef("warning: %s", console.OneLine(err.Error()))
			continue
		}
		if err != nil {
			return err
		}
		providers = append(providers, p)
	}
	w.played.mux.Store(sandbox.NewMux(providers...))
	return nil
}

// played is a transport to providers that may be others after a reload.
type played struct{ mux atomic.Pointer[sandbox.Mux] }

var (
	_ engine.PublicTransport      = (*played)(nil)
	_ engine.CertificateTransport = (*played)(nil)
)

// RoundTrip implements [http.RoundTripper].
func (p *played) RoundTrip(r *http.Request) (*http.Response, error) {
	return p.mux.Load().Transport().RoundTrip(r)
}

// PublicOnly returns p: it connects to nothing.
func (p *played) PublicOnly() http.RoundTripper { return p }

// WithCertificate implements [engine.CertificateTransport].
func (p *played) WithCertificate(cert tls.Certificate) http.RoundTripper { return shown{p, cert} }

// shown is played with a client certificate.
type shown struct {
	*played
	cert tls.Certificate
}

func (s shown) RoundTrip(r *http.Request) (*http.Response, error) {
	rt := s.mux.Load().Transport().(engine.CertificateTransport)
	return rt.WithCertificate(s.cert).RoundTrip(r)
}

func (s shown) PublicOnly() http.RoundTripper { return s }
