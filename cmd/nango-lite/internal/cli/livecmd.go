package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/author/bench"
)

// testLive tries the integrations of the config with their real providers.
func (a *app) testLive(ctx context.Context, args []string, refresh bool) error {
	names, err := a.liveNames(ctx, args)
	if err != nil {
		return err
	}
	var reports []bench.Report
	for _, name := range names {
		r, err := a.tryLive(ctx, name, bench.LiveOptions{Refresh: refresh})
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	steps := []string{"connect", "verify", "call", "page"}
	if refresh {
		steps = append(steps, "refresh")
	}
	if err := a.writeReports(reports, steps); err != nil {
		return err
	}
	return failedOf(reports)
}

func (a *app) tryLive(ctx context.Context, name string, opts bench.LiveOptions) (bench.Report, error) {
	u, err := a.use(ctx, name)
	if err != nil {
		return bench.Report{}, err
	}
	k, err := u.pick(ctx, "")
	if err != nil {
		return bench.Report{}, err
	}
	return bench.Live(ctx, u.engine, u.in, k, opts), nil
}

// liveNames finds the integrations that extend the blueprints named, or that
// extend any.
func (a *app) liveNames(ctx context.Context, args []string) ([]string, error) {
	cfg, ds, _, err := a.load(ctx)
	if err != nil {
		return nil, err
	}
	where := strings.Join(a.files, ", ")
	fits := func(blueprint, arg string) bool { return blueprint == arg || strings.HasPrefix(blueprint, arg+":") }
	var names []string
	for _, arg := range args {
		found := len(names)
		for name, in := range cfg.Integrations {
			if fits(in.ExtendsBlueprint, arg) {
				names = append(names, name)
			}
		}
		if found == len(names) {
			_ = ds.WriteText(a.io.Err)
			return nil, fmt.Errorf("no integration in %s extends %s; --live needs one, with your own credentials, and a connection", where, arg)
		}
	}
	if len(args) == 0 {
		for name, in := range cfg.Integrations {
			if in.ExtendsBlueprint != "" {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		_ = ds.WriteText(a.io.Err)
		return nil, errors.New("no integration in " + where + " extends a blueprint")
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
