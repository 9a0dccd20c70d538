package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/internal/author/bench"
)

// testLive tries the integrations of the config with their real providers.
func testLive(s *session.Session, ctx context.Context, args []string, refresh bool) error {
	names, err := liveNames(s, ctx, args)
	if err != nil {
		return err
	}
	var reports []bench.Report
	progress := s.Progress("tried")
	defer progress.End()
	for _, name := range names {
		r, err := tryLive(s, ctx, name, bench.LiveOptions{Refresh: refresh})
		if err != nil {
			return err
		}
		reports = append(reports, r)
		progress.Step(len(names))
	}
	progress.End()
	steps := []string{"connect", "verify", "call", "page"}
	if refresh {
		steps = append(steps, "refresh")
	}
	if err := writeReports(s, reports, steps); err != nil {
		return err
	}
	return failedOf(reports)
}

func tryLive(s *session.Session, ctx context.Context, name string, opts bench.LiveOptions) (bench.Report, error) {
	u, err := s.Use(ctx, name)
	if err != nil {
		return bench.Report{}, err
	}
	k, err := u.Pick(ctx, "")
	if err != nil {
		return bench.Report{}, err
	}
	return bench.Live(ctx, u.Engine, u.Integration, k, opts), nil
}

// liveNames finds the integrations that extend the blueprints named, or that
// extend any.
func liveNames(s *session.Session, ctx context.Context, args []string) ([]string, error) {
	cfg, ds, _, err := s.Load(ctx)
	if err != nil {
		return nil, err
	}
	where := strings.Join(s.Files, ", ")
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
			_ = ds.WriteText(s.Err)
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
		_ = ds.WriteText(s.Err)
		return nil, errors.New("no integration in " + where + " extends a blueprint")
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
