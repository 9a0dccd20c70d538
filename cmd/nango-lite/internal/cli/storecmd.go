package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/seal"
)

func storeCommand(s *session.Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Look after the place where connections live",
		Args:  cobra.NoArgs,
		RunE:  help,
	}
	cmd.AddCommand(storeMigrateCommand(s), storeCheckCommand(s), storeCopyCommand(s))
	return cmd
}

func storeMigrateCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the store's tables up to date",
		Long: `Migrate makes the store's tables, or changes older ones to what this version needs.
Every command does so when it opens a store; this one does nothing else, for those
who want it done beforehand, by a user with more rights.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, _, store, err := s.Storage().OpenAll(cmd.Context())
			if err != nil {
				return err
			}
			v, err := store.SchemaVersion(cmd.Context())
			if err != nil {
				return err
			}
			if s.JSON() {
				return s.WriteJSON(map[string]any{"store": p.String(), "version": v})
			}
			_, err = fmt.Fprintf(s.Out, "%s is at version %d\n", p, v)
			return err
		},
	}
}

// A shownCheck is what store check found.
type shownCheck struct {
	Store       string        `json:"store"`
	Version     int           `json:"version"`
	Connections int           `json:"connections"`
	Records     int           `json:"records"`   // of a server
	NotBound    int           `json:"not_bound"` // written by an older version
	Keys        []shownKey    `json:"keys"`
	Unreadable  []shownBroken `json:"unreadable"`

	UnreadableRecords []string `json:"unreadable_records"` // why, with their names
}

type shownBroken struct {
	Integration string `json:"integration"`
	Connection  string `json:"connection"`
	Cause       string `json:"cause"`
}

func storeCheckCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Open every connection and every record, and say what cannot be opened",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return checkStore(s, cmd.Context()) },
	}
}

func checkStore(s *session.Session, ctx context.Context) error {
	p, keys, store, err := s.Storage().OpenAll(ctx)
	if err != nil {
		return err
	}
	if c, ok := store.(interface{ Check(context.Context) error }); ok {
		if err := c.Check(ctx); err != nil {
			return err
		}
	}
	count, err := seal.CountRows(ctx, store, keys.Sealer)
	if err != nil {
		return err
	}
	progress := s.Progress("opened connections:")
	broken, err := unreadable(ctx, store, func(n int) { progress.At(n, count.Rows) })
	progress.End()
	if err != nil {
		return err
	}
	version, err := store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	shown := shownCheck{Store: p.String(), Version: version, Connections: count.Rows, Records: count.Records.Rows, NotBound: count.Unbound, Keys: shownKeys(keys, count), Unreadable: broken, UnreadableRecords: []string{}}
	for _, err := range count.Records.Broken {
		shown.UnreadableRecords = append(shown.UnreadableRecords, console.OneLine(err.Error()))
	}
	if err := showCheck(s, shown, keys); err != nil {
		return err
	}
	if len(broken)+len(count.Records.Broken) > 0 {
		return console.ErrReported
	}
	return nil
}

// unreadable returns what cannot be read, as the store says that uses it; opened is told how
// many connections were.
func unreadable(ctx context.Context, store storage.Store, opened func(int)) ([]shownBroken, error) {
	broken, all := []shownBroken{}, 0
	for q := (engine.Query{Limit: copyBatch}); ; {
		page, err := store.List(ctx, q)
		if err != nil {
			return nil, err
		}
		all += len(page.Connections) + len(page.Unreadable)
		opened(all)
		for _, u := range page.Unreadable {
			broken = append(broken, shownBroken{u.Key.Integration, u.Key.ConnectionID, u.Error()})
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return broken, nil
		}
	}
}

func showCheck(s *session.Session, c shownCheck, keys storage.KeySet) error {
	if s.JSON() {
		return s.WriteJSON(c)
	}
	var sealed []string
	for _, k := range c.Keys {
		if n := k.Connections + k.Records; n > 0 {
			sealed = append(sealed, fmt.Sprintf("%s: %d", k.ID, n))
		}
	}
	rows := [][]string{
		{"store", c.Store},
		{"version", strconv.Itoa(c.Version)},
		{"keys", keys.Source()},
		{"connections", strconv.Itoa(c.Connections)},
		{"records", strconv.Itoa(c.Records)},
		{"sealed with", strings.Join(sealed, ", ")},
	}
	if c.NotBound > 0 {
		rows = append(rows, []string{"not bound", fmt.Sprintf("%d: an older version has written them; '%s' binds them", c.NotBound, s.CommandLine("keys", "rotate", "--resume"))})
	}
	for _, b := range c.Unreadable {
		rows = append(rows, []string{"unreadable", b.Integration + "/" + b.Connection + ": " + b.Cause})
	}
	for _, why := range c.UnreadableRecords {
		rows = append(rows, []string{"unreadable", why})
	}
	style := func(_ int, cell string) console.Style {
		if cell == "unreadable" {
			return console.Bad
		}
		return console.Plain
	}
	return s.WriteTable(console.Table{Rows: rows, Style: style})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
