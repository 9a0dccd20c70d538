package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/loader"
)

func lockCommand(s *session.Session) *cobra.Command {
	var update bool
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Keep what blueprints say, so that a change of one is noticed",
		Long: `Lock writes what the blueprints of each integrations file say about authorization
and calls into a file beside it: integrations.lock beside integrations.yaml. While it
is there, a blueprint that says something else, after an upgrade of nango-lite or a
change below --blueprints, is refused by whatever loads the file: validate, serve,
call, or a program that embeds the loader. Without it nothing changes.

Blueprints that are new to the file are added, and those that are gone taken out.
What has changed is said in words, on stdout, and taken only with --update; else the
exit code is 1, and the lock stays as it is.`,
		Example: `  nango-lite lock
  nango-lite lock --update`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.CheckFiles(); err != nil {
				return err
			}
			refused := false
			for _, file := range s.Files {
				took, err := lockFile(s, cmd.Context(), file, update)
				if err != nil {
					return err
				}
				refused = refused || !took
			}
			if refused {
				return console.ErrReported
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&update, "update", false, "take what has changed")
	return cmd
}

// A lockChange is a blueprint that is not as it was.
type lockChange struct {
	File      string   `json:"file"`
	Blueprint string   `json:"blueprint"`
	Changes   []string `json:"changes"`
}

// lockFile writes the lock of one integrations file, and reports whether it could.
func lockFile(s *session.Session, ctx context.Context, file string, update bool) (took bool, err error) {
	name := loader.LockName(file)
	was, err := loader.ReadLock(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		was = &loader.Lock{}
	case err != nil && !update:
		return false, fmt.Errorf("%s cannot be read: %w; --update writes it anew", name, err)
	case err != nil:
		was = &loader.Lock{}
	}
	now, err := lockOf(s, ctx, file)
	if err != nil {
		return false, err
	}
	changes := []lockChange{}
	for _, ref := range slices.Sorted(maps.Keys(now.Blueprints)) {
		if before, known := was.Blueprints[ref]; known {
			if words := before.Changes(now.Blueprints[ref]); words != nil {
				changes = append(changes, lockChange{name, ref, words})
			}
		}
	}
	if err := tellChanges(s, changes); err != nil {
		return false, err
	}
	if len(changes) > 0 && !update {
		s.Notef("%s has changed and %s stays as it is; take it with 'nango-lite lock --update'", console.Plural(len(changes), "blueprint"), name)
		return false, nil
	}
	data, err := now.Encode()
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return false, fmt.Errorf("write the lock: %w", err)
	}
	s.Notef("wrote %s: %s", name, console.Plural(len(now.Blueprints), "blueprint"))
	return true, nil
}

// lockOf returns the lock of a file as it should be. What the file lacks else, such as
// variables, does not matter to it.
func lockOf(s *session.Session, ctx context.Context, file string) (*loader.Lock, error) {
	now := &loader.Lock{Format: loader.LockFormat, Blueprints: map[string]loader.LockedBlueprint{}}
	cfg, ds := s.LoadUnlocked(ctx, []string{file})
	if ds.HasErrors() {
		_ = ds.WriteText(s.Err)
		return nil, fmt.Errorf("%s cannot be locked: %s", file, session.Count(ds, loader.Error))
	}
	catalog := s.Catalog()
	for _, in := range cfg.Integrations {
		if in.ExtendsBlueprint == "" {
			continue
		}
		locked, ok := catalog.Lock(in.ExtendsBlueprint)
		if !ok {
			return nil, fmt.Errorf("blueprint %s cannot be locked", in.ExtendsBlueprint)
		}
		now.Blueprints[in.ExtendsBlueprint] = locked
	}
	return now, nil
}

func tellChanges(s *session.Session, changes []lockChange) error {
	if s.JSON() {
		return s.WriteJSON(changes)
	}
	for _, c := range changes {
		for _, words := range c.Changes {
			if _, err := fmt.Fprintf(s.Out, "%s: %s\n", c.Blueprint, words); err != nil {
				return err
			}
		}
	}
	return nil
}
