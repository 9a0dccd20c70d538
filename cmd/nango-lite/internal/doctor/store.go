package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
)

// store opens the place of connections, if there is one, and reads them all.
func (x *examination) store(ctx context.Context) {
	const check = "store"
	st := x.Storage()
	p, err := st.Place()
	if err != nil {
		x.add(check, Failed, err.Error(), mendPlace)
		return
	}
	if p.Path != "" {
		if _, err := os.Stat(p.Path); errors.Is(err, fs.ErrNotExist) {
			x.add(check, OK, p.String()+" is made with the first connection", "")
			if err := st.MustHaveKeys(); err != nil {
				x.add("keys", Warning, "connect makes one, serve does not: "+err.Error(), makeKeys)
			}
			return
		}
	}
	if err := st.MustHaveKeys(); err != nil {
		x.add("keys", Failed, err.Error(), makeKeys)
		return
	}
	keys, err := st.KeysOf(ctx, p)
	if err != nil {
		x.add("keys", Failed, err.Error(), mendKeys)
		return
	}
	store, err := st.OpenPlace(ctx, p, keys.Sealer)
	if err != nil {
		x.add(check, Failed, err.Error(), mendStore(p, err))
		return
	}
	if c, ok := store.(interface{ Check(context.Context) error }); ok {
		if err := c.Check(ctx); err != nil {
			x.add(check, Failed, err.Error(), mendStore(p, err))
			return
		}
	}
	version, err := store.SchemaVersion(ctx)
	if err != nil {
		x.add(check, Failed, err.Error(), mendStore(p, err))
		return
	}
	seen, err := x.read(ctx, store)
	if err != nil {
		x.add(check, Failed, err.Error(), mendStore(p, err))
		return
	}
	x.add(check, OK, fmt.Sprintf("%s, version %d, %s", p, version, console.Plural(seen.all, "connection")), "")
	x.connections(seen, keys)
}

// seen is what reading all connections has shown.
type seen struct {
	all, unreadable, ended int
	future                 time.Time // the latest write, if it is later than now
}

func (x *examination) read(ctx context.Context, store storage.Store) (s seen, err error) {
	now := x.Deps.Now()
	for q := (engine.Query{Limit: 500}); ; {
		page, err := store.List(ctx, q)
		if err != nil {
			return s, err
		}
		s.all += len(page.Connections) + len(page.Unreadable)
		s.unreadable += len(page.Unreadable)
		for _, c := range page.Connections {
			if c.Status == connection.StatusNeedsReauthorization {
				s.ended++
			}
			if c.UpdatedAt.After(now) && c.UpdatedAt.After(s.future) {
				s.future = c.UpdatedAt
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return s, nil
		}
	}
}

// connections says what is amiss with keys, with single connections, and with the clock.
func (x *examination) connections(s seen, keys storage.KeySet) {
	if s.unreadable > 0 {
		x.add("keys", Failed, fmt.Sprintf("%s: %s cannot be read with it", keys.Source(), console.Plural(s.unreadable, "connection")),
			"give the key back, or connect again; "+x.CommandLine("store", "check")+" names them")
	} else {
		x.add("keys", OK, fmt.Sprintf("%s opens every connection", keys.Source()), "")
	}
	if s.ended > 0 {
		x.add("connections", Warning, console.Plural(s.ended, "connection")+" must be connected again by the user", x.CommandLine("connections", "list"))
	}
	if ahead := s.future.Sub(x.Deps.Now()); ahead > time.Minute {
		x.add("clock", Failed, fmt.Sprintf("a connection was written %s from now: this machine's clock is behind, or another's was ahead", ahead.Round(time.Second)), "set the clocks by NTP")
	}
}

// clock looks at the time that this machine says it is. What it can be held against is little: no
// provider is asked.
func (x *examination) clock() {
	now := x.Deps.Now()
	for _, f := range x.findings {
		if f.Check == "clock" {
			return
		}
	}
	if !x.Built.IsZero() && now.Before(x.Built) {
		x.add("clock", Failed, fmt.Sprintf("it is said to be %s, before this program was built", now.UTC().Format(time.DateTime)), "set the clock by NTP")
		return
	}
	x.add("clock", OK, now.UTC().Format(time.DateTime)+" UTC", "")
}
