package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
)

func storeCopyCommand(s *session.Session) *cobra.Command {
	merge := false
	cmd := &cobra.Command{
		Use:   "copy <from> <to>",
		Short: "Copy all connections from one store to another",
		Long: `Copy takes all connections, and nothing else that a server keeps, from one store to another, between SQLite and
PostgreSQL in either direction, seals them with the key of the other store, and then
compares every one of them. Stop what uses the store before: a token that is
refreshed meanwhile stays behind. And do not use both afterwards: where refresh
tokens rotate, the first to refresh locks the other out.

The store that is copied to must be empty. With --merge it need not be: what is there
stays as it is, and what is there and differs is reported. What cannot be read is
named and left out, and the exit code is 1.`,
		Example: `  nango-lite store copy connections.db postgres://nango@db.internal/nango
  nango-lite store copy postgres://nango@db.internal/nango sqlite:backup.db`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return copyStore(s, cmd.Context(), args[0], args[1], merge)
		},
	}
	cmd.Flags().BoolVar(&merge, "merge", false, "copy into a store that is not empty")
	return cmd
}

// A copying is one run of store copy.
type copying struct {
	from, to storage.Store

	copied, same int
	records      bool // of a server; they are not copied
	differ       []engine.Key
	unreadable   []*connection.UnreadableError // in the store that is copied from
}

func copyStore(s *session.Session, ctx context.Context, fromText, toText string, merge bool) error {
	from, err := s.Storage().PlaceOf(fromText)
	if err != nil {
		return err
	}
	to, err := s.Storage().PlaceOf(toText)
	if err != nil {
		return err
	}
	if from == to {
		return console.Usagef("%s and %s are the same store", from, to)
	}
	c, err := openBoth(s, ctx, from, to)
	if err != nil {
		return err
	}
	records, err := c.from.RecordRowsAfter(ctx, "", "", 1)
	if err != nil {
		return err
	}
	c.records = len(records) > 0
	there, err := c.to.RowsAfter(ctx, engine.Key{}, 1)
	if err != nil {
		return err
	}
	if len(there) > 0 && !merge {
		return fmt.Errorf("%s is not empty: it holds %s; copy to another, or add --merge", to, there[0].Key)
	}
	progress := s.Progress("copied connections:")
	defer progress.End()
	if err := c.all(ctx, func(n int) { progress.At(n, 0) }); err != nil {
		return fmt.Errorf("copied %s, then: %w", console.Plural(c.copied, "connection"), err)
	}
	progress.End()
	progress = s.Progress("compared connections:")
	err = c.verify(ctx, func(n int) { progress.At(n, 0) })
	if progress.End(); err != nil {
		return err
	}
	return tellCopied(s, c, from, to)
}

// openBoth opens the stores. The one that is copied from must be there: it is not
// made by a mistyped name.
func openBoth(s *session.Session, ctx context.Context, from, to storage.Place) (*copying, error) {
	if from.Path != "" {
		if _, err := os.Stat(from.Path); err != nil {
			return nil, fmt.Errorf("there is no store to copy from: %w", err)
		}
	}
	fromKeys, err := s.Storage().AllKeys(from)
	if err != nil {
		return nil, err
	}
	c := &copying{}
	if c.from, err = s.Storage().OpenPlace(ctx, from, fromKeys); err != nil {
		return nil, err
	}
	toKeys, err := s.Storage().KeysOf(ctx, to)
	if err != nil {
		return nil, err
	}
	c.to, err = s.Storage().OpenPlace(ctx, to, toKeys.Sealer)
	return c, err
}

const copyBatch = 200

// all copies what is not there.
func (c *copying) all(ctx context.Context, progress func(int)) error {
	for q := (engine.Query{Limit: copyBatch}); ; {
		page, err := c.from.List(ctx, q)
		if err != nil {
			return err
		}
		c.unreadable = append(c.unreadable, page.Unreadable...)
		var fresh []*engine.Connection
		for _, conn := range page.Connections {
			there, err := c.to.Get(ctx, conn.Key)
			switch {
			case errors.Is(err, engine.ErrNoConnection):
				fresh = append(fresh, conn)
			case errors.Is(err, connection.ErrUnreadable):
				c.differ = append(c.differ, conn.Key)
			case err != nil:
				return err
			case sameConnection(conn, there):
				c.same++
			default:
				c.differ = append(c.differ, conn.Key)
			}
		}
		if err := c.to.Add(ctx, fresh); err != nil {
			return err
		}
		c.copied += len(fresh)
		progress(c.copied)
		if q.Cursor = page.Next; q.Cursor == "" {
			return nil
		}
	}
}

// verify compares what is in both stores now.
func (c *copying) verify(ctx context.Context, progress func(int)) error {
	known := map[engine.Key]bool{}
	for _, k := range c.differ {
		known[k] = true
	}
	n := 0
	for q := (engine.Query{Limit: copyBatch}); ; {
		page, err := c.from.List(ctx, q)
		if err != nil {
			return err
		}
		for _, conn := range page.Connections {
			n++
			there, err := c.to.Get(ctx, conn.Key)
			if known[conn.Key] {
				continue
			}
			if err != nil || !sameConnection(conn, there) {
				return errors.Join(err, fmt.Errorf("connection %s is not the same in both: "+
					"something has changed it meanwhile; stop what uses the stores and copy again", conn.Key))
			}
		}
		progress(n)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if want := c.copied + c.same + len(c.differ); n != want {
		return fmt.Errorf("there were %s, and there are %d now: something has changed the store meanwhile", console.Plural(want, "connection"), n)
	}
	return nil
}

func tellCopied(s *session.Session, c *copying, from, to storage.Place) error {
	if s.JSON() {
		differ := []string{}
		for _, k := range c.differ {
			differ = append(differ, k.String())
		}
		unreadable := []shownBroken{}
		for _, u := range c.unreadable {
			unreadable = append(unreadable, shownBroken{u.Key.Integration, u.Key.ConnectionID, u.Error()})
		}
		err := s.WriteJSON(map[string]any{"from": from.String(), "to": to.String(), "copied": c.copied, "same": c.same, "differ": differ, "unreadable": unreadable})
		if err == nil && len(differ)+len(unreadable) > 0 {
			err = console.ErrReported
		}
		return err
	}
	s.Notef("copied %s from %s to %s, and compared them", console.Plural(c.copied, "connection"), from, to)
	if c.records {
		s.Notef("what a server keeps beside connections, such as its API keys, was not copied: make new API keys with '%s'", s.CommandLine("apikeys", "create"))
	}
	if c.same > 0 {
		s.Notef("%d were there already", c.same)
	}
	for _, k := range c.differ {
		s.Notef("%s is there and differs; it was left as it is", k)
	}
	for _, u := range c.unreadable {
		s.Notef("%s cannot be read, and was not copied: %s", u.Key, u)
	}
	var missing []string
	if len(c.differ) > 0 {
		missing = append(missing, console.Plural(len(c.differ), "connection")+": not the same in both stores")
	}
	if len(c.unreadable) > 0 {
		missing = append(missing, console.Plural(len(c.unreadable), "connection")+" cannot be read, and not copied")
	}
	if len(missing) > 0 {
		return errors.New(strings.Join(missing, "; "))
	}
	return nil
}

// sameConnection reports whether two connections are the same in every field.
func sameConnection(a, b *engine.Connection) bool {
	left, err := engine.EncodeConnection(a, open{})
	if err != nil {
		return false
	}
	right, err := engine.EncodeConnection(b, open{})
	return err == nil && bytes.Equal(left, right)
}

// open is a Sealer that seals nothing. What it encodes is compared in memory and
// goes nowhere.
type open struct{}

func (open) Seal(plaintext, _ []byte) ([]byte, error) { return plaintext, nil }

func (open) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }
