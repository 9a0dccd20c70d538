package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
	"github.com/nango-lite/nango-lite/store/seal"
)

func keysCommand(s *session.Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, list, rotate and drop the keys that seal connections",
		Long: `What grants access is sealed with a key before it is kept. The keys are those of
--keys FILE, or of the variable NANGO_LITE_KEYS, or of a file beside the
connections, which is made on first use. Of a key set one is active and seals; the
others open what was sealed before.`,
		Args: cobra.NoArgs,
		RunE: help,
	}
	cmd.AddCommand(keysCreateCommand(s), keysListCommand(s), keysRotateCommand(s), keysPruneCommand(s))
	return cmd
}

func keysCreateCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "create [file]",
		Short: "Make a new key",
		Long: `Create writes a new key to a file that its owner alone may read, and never
overwrites one. Without a file it prints the key on stdout, for NANGO_LITE_KEYS or
the place where you keep secrets.

Where the key of connections is lost, create makes a new one beside them. What the
lost key has sealed stays unreadable: each user connects again, or the connection
is removed.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := fmt.Fprintln(s.Out, seal.GenerateKey().Reveal()) // what was asked for
				return err
			}
			keys, err := seal.CreateFile(args[0])
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already; 'keys rotate' puts a new key into it", args[0])
			}
			if err != nil {
				return err
			}
			s.Notef("made the key %s in %s; keep a copy", keys.Active(), args[0])
			return tellSealedOtherwise(s, cmd.Context(), args[0])
		},
	}
}

// tellSealedOtherwise says what a new key means where another has sealed connections.
func tellSealedOtherwise(s *session.Session, ctx context.Context, file string) error {
	p, n, err := s.Storage().SealedOtherwise(ctx, file)
	if err != nil || n == 0 {
		return err
	}
	s.Notef("sealed with another key in %s: %s; without it they cannot be read, and their users have to connect again ('%s' shows them)",
		p, console.Plural(n, "connection"), s.CommandLine("connections", "list"))
	return nil
}

// A shownKey is a key as keys list prints it.
type shownKey struct {
	ID          string `json:"id"`
	Active      bool   `json:"active"`
	Known       bool   `json:"known"` // false: it is not in the key set
	Connections int    `json:"connections"`
	Records     int    `json:"records"` // such as API keys of the server
}

func keysListCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the keys, and how many connections and records each has sealed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, keys, store, err := s.Storage().OpenAll(cmd.Context())
			if err != nil {
				return err
			}
			count, err := seal.CountRows(cmd.Context(), store, nil)
			if err != nil {
				return err
			}
			return listKeys(s, shownKeys(keys, count))
		},
	}
}

func shownKeys(keys storage.KeySet, count seal.Count) []shownKey {
	shown := []shownKey{}
	ids := keys.IDs()
	for i, id := range ids {
		shown = append(shown, shownKey{ID: id, Active: i == 0, Known: true, Connections: count.ByKey[id], Records: count.Records.ByKey[id]})
	}
	others := maps.Clone(count.ByKey)
	maps.Copy(others, count.Records.ByKey)
	for _, id := range sortedKeys(others) {
		if !slices.Contains(ids, id) {
			shown = append(shown, shownKey{ID: id, Connections: count.ByKey[id], Records: count.Records.ByKey[id]})
		}
	}
	return shown
}

func listKeys(s *session.Session, shown []shownKey) error {
	if s.JSON() {
		return s.WriteJSON(shown)
	}
	var rows [][]string
	for _, k := range shown {
		state := "opens"
		switch {
		case k.Active:
			state = "active"
		case !k.Known:
			state = "not in the key set"
		}
		rows = append(rows, []string{k.ID, state, strconv.Itoa(k.Connections), strconv.Itoa(k.Records)})
	}
	return s.WriteTable(console.Table{
		Head: []string{"KEY", "STATE", "CONNECTIONS", "RECORDS"}, Rows: rows,
		Style: console.InColumn(1, map[string]console.Style{"active": console.Good, "not in the key set": console.Bad}),
	})
}

func keysRotateCommand(s *session.Session) *cobra.Command {
	resume := false
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Put a new key into use, and seal all connections with it",
		Long: `Rotate adds a new key to the key file, makes it the active one, and seals with it
what older keys have sealed: connections, and the records of a server, such as its
API keys. Processes that use the same file notice, and go on
meanwhile. The old keys stay until 'keys prune'.

In a SQLite file nothing is left of what older keys have sealed; in backups there is.

If it is broken off, --resume goes on. Keys of NANGO_LITE_KEYS are rotated by you:
add the new key behind the others in every process, then put it first in every
process, then run rotate --resume.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return rotate(s, cmd.Context(), resume) },
	}
	cmd.Flags().BoolVar(&resume, "resume", false, "make no new key; seal with the active one what others have sealed")
	return cmd
}

func rotate(s *session.Session, ctx context.Context, resume bool) error {
	p, keys, store, err := s.Storage().OpenAll(ctx)
	if err != nil {
		return err
	}
	switch {
	case resume:
	case keys.File == "":
		return console.Usagef("the keys are those of %s, which this command cannot change: put a new one first there, and run keys rotate --resume", storage.KeysEnv)
	default:
		if _, err := seal.AddKey(keys.File); err != nil {
			return err
		}
		s.Notef("added a key to %s; keep a copy", keys.File)
	}
	progress := s.Progress("looked at connections:")
	count, err := seal.Rotate(ctx, store, keys.Sealer, func(c seal.Count) { progress.At(c.Rows, 0) })
	progress.End()
	if err != nil {
		s.Notef("sealed %s anew; go on with '%s'", console.Plural(count.Resealed, "connection"), s.CommandLine("keys", "rotate", "--resume"))
		return err
	}
	for i, k := range count.Broken {
		s.Notef("left as it is: %s: %s", k, console.OneLine(count.Causes[i].Error()))
	}
	for _, err := range count.Records.Broken {
		s.Notef("left as it is: %s", console.OneLine(err.Error()))
	}
	s.Notef("sealed %d of %s in %s anew with %s", count.Resealed, console.Plural(count.Rows, "connection"), p, keys.Sealer.Active())
	if count.Records.Rows > 0 {
		s.Notef("sealed %d of %s of a server anew", count.Records.Resealed, console.Plural(count.Records.Rows, "record"))
	}
	switch _, vacuums := store.(seal.Compacter); {
	case count.Leftover != nil:
		return fmt.Errorf("what older keys have sealed may still lie in %s: %w; run '%s' when nothing else uses it", p, count.Leftover, s.CommandLine("keys", "rotate", "--resume"))
	case !vacuums:
		s.Notef("what older keys have sealed lies in dead rows of the database until VACUUM FULL has rewritten its tables, and in its log and its backups")
	}
	switch {
	case len(count.Broken) > 0:
		return fmt.Errorf("%s cannot be opened", console.Plural(len(count.Broken), "connection"))
	case len(count.Records.Broken) > 0:
		return fmt.Errorf("%s cannot be opened", console.Plural(len(count.Records.Broken), "record"))
	}
	return nil
}

func keysPruneCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "prune",
		Short: "Drop keys that nothing is sealed with",
		Long: `Prune takes those keys out of the key file that are not active and that no
connection and no record in this store is sealed with any more. Other stores that share the file
are not looked at, and neither are backups: those that a dropped key has sealed open
no more without a copy of it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return prune(s, cmd.Context()) },
	}
}

func prune(s *session.Session, ctx context.Context) error {
	_, keys, store, err := s.Storage().OpenAll(ctx)
	if err != nil {
		return err
	}
	idle, count, err := seal.Idle(ctx, store, keys.IDs()[1:])
	if err != nil {
		return err
	}
	for i, k := range count.Broken { // which no key opens, so they need none
		s.Notef("%s cannot be read with any key: %s", k, console.OneLine(count.Causes[i].Error()))
	}
	for _, err := range count.Records.Broken {
		s.Notef("cannot be read with any key: %s", console.OneLine(err.Error()))
	}
	for _, id := range keys.IDs()[1:] {
		if n := count.ByKey[id]; n > 0 {
			s.Notef("%s stays: connections are sealed with it (%d); 'keys rotate --resume' seals them anew", id, n)
		}
		if n := count.Records.ByKey[id]; n > 0 {
			s.Notef("%s stays: records of a server are sealed with it (%d); 'keys rotate --resume' seals them anew", id, n)
		}
	}
	if len(idle) == 0 {
		s.Notef("dropped no key")
		return nil
	}
	if keys.File == "" {
		s.Notef("nothing needs %s: take it out of %s", strings.Join(idle, ", "), storage.KeysEnv)
		return nil
	}
	if err := seal.RemoveKeys(keys.File, idle); err != nil {
		return err
	}
	s.Notef("dropped %s", strings.Join(idle, ", "))
	return nil
}
