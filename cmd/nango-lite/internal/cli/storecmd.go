package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/store/seal"
)

func (a *app) storeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Look after the place where connections live",
		Args:  cobra.NoArgs,
		RunE:  help,
	}
	cmd.AddCommand(a.storeMigrateCommand(), a.storeCheckCommand(), a.storeCopyCommand())
	return cmd
}

func (a *app) storeMigrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the store's tables up to date",
		Long: `Migrate makes the store's tables, or changes older ones to what this version needs.
Every command does so when it opens a store; this one does nothing else, for those
who want it done beforehand, by a user with more rights.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, _, store, err := a.openAll(cmd.Context())
			if err != nil {
				return err
			}
			v, err := store.SchemaVersion(cmd.Context())
			if err != nil {
				return err
			}
			if a.json() {
				return a.writeJSON(map[string]any{"store": p.String(), "version": v})
			}
			_, err = fmt.Fprintf(a.io.Out, "%s is at version %d\n", p, v)
			return err
		},
	}
}

// A shownCheck is what store check found.
type shownCheck struct {
	Store       string        `json:"store"`
	Version     int           `json:"version"`
	Connections int           `json:"connections"`
	Keys        []shownKey    `json:"keys"`
	Unreadable  []shownBroken `json:"unreadable"`
}

type shownBroken struct {
	Integration string `json:"integration"`
	Connection  string `json:"connection"`
	Cause       string `json:"cause"`
}

func (a *app) storeCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Open every connection, and say what cannot be opened",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.checkStore(cmd.Context()) },
	}
}

func (a *app) checkStore(ctx context.Context) error {
	p, keys, store, err := a.openAll(ctx)
	if err != nil {
		return err
	}
	if c, ok := store.(interface{ Check(context.Context) error }); ok {
		if err := c.Check(ctx); err != nil {
			return err
		}
	}
	count, err := seal.CountRows(ctx, store, keys.sealer)
	if err != nil {
		return err
	}
	version, err := store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	shown := shownCheck{Store: p.String(), Version: version, Connections: count.Rows, Keys: shownKeys(keys, count), Unreadable: []shownBroken{}}
	for i, k := range count.Broken {
		shown.Unreadable = append(shown.Unreadable, shownBroken{k.Integration, k.ConnectionID, count.Causes[i].Error()})
	}
	if err := a.showCheck(shown, keys); err != nil {
		return err
	}
	if len(count.Broken) > 0 {
		return errReported
	}
	return nil
}

func (a *app) showCheck(c shownCheck, keys keySet) error {
	if a.json() {
		return a.writeJSON(c)
	}
	var sealed []string
	for _, k := range c.Keys {
		if k.Connections > 0 {
			sealed = append(sealed, fmt.Sprintf("%s: %d", k.ID, k.Connections))
		}
	}
	rows := [][]string{
		{"store", c.Store},
		{"version", strconv.Itoa(c.Version)},
		{"keys", keys.source()},
		{"connections", strconv.Itoa(c.Connections)},
		{"sealed with", strings.Join(sealed, ", ")},
	}
	for _, b := range c.Unreadable {
		rows = append(rows, []string{"unreadable", b.Integration + "/" + b.Connection + ": " + b.Cause})
	}
	return writeColumns(a.io.Out, rows)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
