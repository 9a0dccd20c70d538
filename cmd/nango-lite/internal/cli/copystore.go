package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/engine"
)

func (a *app) storeCopyCommand() *cobra.Command {
	merge := false
	cmd := &cobra.Command{
		Use:   "copy <from> <to>",
		Short: "Copy all connections from one store to another",
		Long: `Copy takes all connections from one store to another, between SQLite and
PostgreSQL in either direction, seals them with the key of the other store, and then
compares every one of them. Stop what uses the store before: a token that is
refreshed meanwhile stays behind. And do not use both afterwards: where refresh
tokens rotate, the first to refresh locks the other out.

The store that is copied to must be empty. With --merge it need not be: what is there
stays as it is, and what is there and differs is reported.`,
		Example: `  nango-lite store copy connections.db postgres://nango@db.internal/nango
  nango-lite store copy postgres://nango@db.internal/nango sqlite:backup.db`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.copyStore(cmd.Context(), args[0], args[1], merge)
		},
	}
	cmd.Flags().BoolVar(&merge, "merge", false, "copy into a store that is not empty")
	return cmd
}

// A copying is one run of store copy.
type copying struct {
	from, to connectionStore

	copied, same int
	differ       []engine.Key
}

func (a *app) copyStore(ctx context.Context, fromText, toText string, merge bool) error {
	from, err := a.placeOf(fromText)
	if err != nil {
		return err
	}
	to, err := a.placeOf(toText)
	if err != nil {
		return err
	}
	if from == to {
		return usagef("%s and %s are the same store", from, to)
	}
	c, err := a.openBoth(ctx, from, to)
	if err != nil {
		return err
	}
	there, err := c.to.RowsAfter(ctx, engine.Key{}, 1)
	if err != nil {
		return err
	}
	if len(there) > 0 && !merge {
		return fmt.Errorf("%s is not empty: it holds %s; copy to another, or add --merge", to, there[0].Key)
	}
	if err := c.all(ctx, a.progress("copied")); err != nil {
		return fmt.Errorf("copied %s, then: %w", plural(c.copied, "connection"), err)
	}
	if err := c.verify(ctx, a.progress("compared")); err != nil {
		return err
	}
	return a.tellCopied(c, from, to)
}

// openBoth opens the stores. The one that is copied from must be there: it is not
// made by a mistyped name.
func (a *app) openBoth(ctx context.Context, from, to place) (*copying, error) {
	if from.path != "" {
		if _, err := os.Stat(from.path); err != nil {
			return nil, fmt.Errorf("there is no store to copy from: %w", err)
		}
	}
	fromKeys, err := a.allKeys(from)
	if err != nil {
		return nil, err
	}
	c := &copying{}
	if c.from, err = a.open(ctx, from, fromKeys); err != nil {
		return nil, err
	}
	toKeys, err := a.keysOf(ctx, to)
	if err != nil {
		return nil, err
	}
	c.to, err = a.open(ctx, to, toKeys.sealer)
	return c, err
}

// progress returns a function that says on a terminal how far something is.
func (a *app) progress(what string) func(n int) {
	if !isTerminal(a.io.Err) {
		return func(int) {}
	}
	return func(n int) { fmt.Fprintf(a.io.Err, "\r%s %s\r", what, plural(n, "connection")) }
}

const copyBatch = 200

// all copies what is not there.
func (c *copying) all(ctx context.Context, progress func(int)) error {
	for q := (engine.Query{Limit: copyBatch}); ; {
		page, err := c.from.List(ctx, q)
		if err != nil {
			return err
		}
		var fresh []*engine.Connection
		for _, conn := range page.Connections {
			there, err := c.to.Get(ctx, conn.Key)
			switch {
			case errors.Is(err, engine.ErrNoConnection):
				fresh = append(fresh, conn)
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
		return fmt.Errorf("there were %s, and there are %d now: something has changed the store meanwhile", plural(want, "connection"), n)
	}
	return nil
}

func (a *app) tellCopied(c *copying, from, to place) error {
	if a.json() {
		differ := []string{}
		for _, k := range c.differ {
			differ = append(differ, k.String())
		}
		err := a.writeJSON(map[string]any{"from": from.String(), "to": to.String(), "copied": c.copied, "same": c.same, "differ": differ})
		if err == nil && len(differ) > 0 {
			err = errReported
		}
		return err
	}
	a.notef("copied %s from %s to %s, and compared them", plural(c.copied, "connection"), from, to)
	if c.same > 0 {
		a.notef("%d were there already", c.same)
	}
	for _, k := range c.differ {
		a.notef("%s is there and differs; it was left as it is", k)
	}
	if len(c.differ) > 0 {
		return fmt.Errorf("%s: not the same in both stores", plural(len(c.differ), "connection"))
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
func (open) Open(sealed, _ []byte) ([]byte, error)    { return sealed, nil }
