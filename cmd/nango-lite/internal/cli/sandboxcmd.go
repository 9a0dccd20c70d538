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

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

func (a *app) sandboxCommand() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Play the providers of the configuration on a port",
		Long: `Sandbox plays the providers of all integrations on a port, for several processes
to share: give them its address with --sandbox=URL. It serves until interrupted.

The first line on stdout is its address; then comes a line for each integration.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.runSandbox(cmd.Context(), addr)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:3004", "`ADDRESS` to listen at; port 0 takes any free one")
	return cmd
}

func (a *app) runSandbox(ctx context.Context, addr string) error {
	if a.sandbox == "" {
		a.sandbox = inProcess
	}
	mux, names, err := a.allProviders(ctx)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("cannot listen at %s (--addr names another address): %w", addr, err)
	}
	base := "http://" + ln.Addr().String()
	fmt.Fprintln(a.io.Out, base)
	for _, name := range names {
		fmt.Fprintf(a.io.Out, "%s/%s/\n", base, name)
	}
	a.notef("use it with --sandbox=%s; it ends with an interrupt", base)
	return serve(ctx, ln, mux)
}

// allProviders plays every integration of the configuration.
func (a *app) allProviders(ctx context.Context) (*sandbox.Mux, []string, error) {
	cfg, ds, made, err := a.load(ctx)
	if err != nil {
		return nil, nil, err
	}
	_ = ds.WriteText(a.io.Err)
	if ds.HasErrors() {
		return nil, nil, fmt.Errorf("the configuration cannot be used: %s", count(ds, loader.Error))
	}
	a.tellInventions(made, "")
	names := slices.Sorted(maps.Keys(cfg.Integrations))
	var providers []*sandbox.Provider
	for _, name := range names {
		p, err := a.provider(cfg.Integrations[name])
		if errors.Is(err, errors.ErrUnsupported) {
			a.notef("warning: %s", oneLine(err.Error()))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		providers = append(providers, p)
	}
	return sandbox.NewMux(providers...), names, nil
}

func (a *app) provider(in *schema.Integration) (*sandbox.Provider, error) {
	return sandbox.New(in, &sandbox.Options{Now: a.deps.Now, DeviceInterval: time.Second})
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
