package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
)

func sandboxCommand(s *session.Session) *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Play the providers of the configuration on a port",
		Long: `Sandbox plays the providers of all integrations on a port, for several processes
to share: give them its address with --sandbox=URL. It serves until interrupted.

The first line on stdout is its address; then comes a line for each integration.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSandbox(s, cmd.Context(), addr)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:3004", "`ADDRESS` to listen at; port 0 takes any free one")
	return cmd
}

func runSandbox(s *session.Session, ctx context.Context, addr string) error {
	if s.Sandbox == "" {
		s.Sandbox = session.InProcess
	}
	mux, names, err := allProviders(s, ctx)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("cannot listen at %s (--addr names another address): %w", addr, err)
	}
	base := "http://" + ln.Addr().String()
	fmt.Fprintln(s.Out, base)
	for _, name := range names {
		fmt.Fprintf(s.Out, "%s/%s/\n", base, name)
	}
	s.Notef("use it with --sandbox=%s; it ends with an interrupt", base)
	return serve(ctx, ln, mux)
}

// allProviders plays every integration of the configuration.
func allProviders(s *session.Session, ctx context.Context) (*sandbox.Mux, []string, error) {
	cfg, ds, made, err := s.Load(ctx)
	if err != nil {
		return nil, nil, err
	}
	_ = ds.WriteText(s.Err)
	if ds.HasErrors() {
		return nil, nil, fmt.Errorf("the configuration cannot be used: %s", session.Count(ds, loader.Error))
	}
	s.TellInventions(made, "")
	names := slices.Sorted(maps.Keys(cfg.Integrations))
	var providers []*sandbox.Provider
	for _, name := range names {
		p, err := s.Provider(cfg.Integrations[name])
		if errors.Is(err, errors.ErrUnsupported) {
			s.Notef("warning: %s", console.OneLine(err.Error()))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		providers = append(providers, p)
	}
	return sandbox.NewMux(providers...), names, nil
}

// serve serves until ctx ends.
func serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	timeout, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if server.Shutdown(timeout) != nil {
		_ = server.Close() // a "timeout" fault waits for ever
	}
	return nil
}
