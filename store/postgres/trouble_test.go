package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

// checkAll makes every call and checks its error.
func checkAll(t *testing.T, s *postgres.Store, want error) {
	t.Helper()
	ctx := t.Context()
	c := storetest.Connection(testKey)
	_, get := s.Get(ctx, testKey)
	_, list := s.List(ctx, connection.Query{})
	_, changes := s.Changes(ctx, 0)
	_, rows := s.RowsAfter(ctx, connection.Key{}, 1)
	for what, err := range map[string]error{
		"Get": get, "List": list, "Changes": changes, "RowsAfter": rows,
		"Put": s.Put(ctx, c), "Replace": s.Replace(ctx, c, 1), "Delete": s.Delete(ctx, testKey),
		"Acquire": s.Acquire(ctx, testKey, "a", time.Minute), "Release": s.Release(ctx, testKey, "a"),
		"Add": s.Add(ctx, []*connection.Connection{c}),
	} {
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
		if err != nil && strings.Contains(err.Error(), storetest.Marker) {
			t.Errorf("%s: a secret is in the error %v", what, err)
		}
	}
}

// The server cannot be reached: every call says so by its type, in time, and work
// goes on when it is back.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	p, u := newProxy(t, newURL(t))
	s := openStore(t, u, seal.NewKeys(), &postgres.Options{Patience: 30 * time.Millisecond})
	want := storetest.Connection(testKey)
	if err := s.Put(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	p.down()
	checkAll(t, s, postgres.ErrUnavailable)

	_, err := postgres.Open(t.Context(), withPassword(t, u), seal.NewKeys(), &postgres.Options{Patience: 30 * time.Millisecond})
	if !errors.Is(err, postgres.ErrUnavailable) || strings.Contains(err.Error(), "seeded") {
		t.Errorf("Open: got %v, want %v", err, postgres.ErrUnavailable)
	}
	p.up(t)
	got, err := s.Get(t.Context(), testKey)
	if err != nil || storetest.Diff(want, got) != "" {
		t.Errorf("when it is back: %v", err)
	}
}

// A short absence is not noticed at all.
func TestPatience(t *testing.T) {
	t.Parallel()
	p, u := newProxy(t, newURL(t))
	s := openStore(t, u, seal.NewKeys(), &postgres.Options{Patience: time.Minute})
	p.down()
	time.AfterFunc(50*time.Millisecond, func() { p.up(t) })
	if err := s.Put(t.Context(), storetest.Connection(testKey)); err != nil {
		t.Error(err)
	}
}

// What the server has done, and whose answer got lost, is neither done twice nor
// said to have failed.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	p, u := newProxy(t, newURL(t))
	s := openStore(t, u, seal.NewKeys(), &postgres.Options{Patience: time.Minute})
	ctx := t.Context()
	lost := func(what string, call func() error) {
		t.Helper()
		p.loseAnswers.Store(true)
		time.AfterFunc(30*time.Millisecond, func() { p.loseAnswers.Store(false) })
		if err := call(); err != nil {
			t.Errorf("%s whose answer is lost: %v", what, err)
		}
		p.loseAnswers.Store(false)
	}
	check := func(want *connection.Connection) {
		t.Helper()
		got, err := s.Get(ctx, testKey)
		if err != nil {
			t.Fatal(err)
		}
		if diff := storetest.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	c := storetest.Connection(testKey)
	lost("Put", func() error { return s.Put(ctx, c) })
	check(c)
	was := c.Generation
	lost("Put again", func() error { return s.Put(ctx, c) })
	if c.Generation != was+1 {
		t.Errorf("Put again: got generation %d after %d", c.Generation, was)
	}
	check(c)
	c.Generation++
	lost("Replace", func() error { return s.Replace(ctx, c, c.Generation-1) })
	check(c)
	if err := s.Replace(ctx, c, c.Generation-1); !errors.Is(err, connection.ErrConflict) {
		t.Errorf("Replace of an old generation: got %v, want %v", err, connection.ErrConflict)
	}
	more := storetest.Connection(connection.Key{Integration: "a", ConnectionID: "more"})
	lost("Add", func() error { return s.Add(ctx, []*connection.Connection{more}) })
	if err := s.Add(ctx, []*connection.Connection{more}); !errors.Is(err, connection.ErrConflict) {
		t.Errorf("Add again: got %v, want %v", err, connection.ErrConflict)
	}
	lost("Acquire", func() error { return s.Acquire(ctx, testKey, "a", time.Hour) })
	if err := s.Acquire(ctx, testKey, "b", time.Hour); !errors.Is(err, connection.ErrLeased) {
		t.Errorf("Acquire by another: got %v, want %v", err, connection.ErrLeased)
	}
	lost("Release", func() error { return s.Release(ctx, testKey, "a") })
	lost("Delete", func() error { return s.Delete(ctx, testKey) })
	if err := s.Delete(ctx, testKey); !errors.Is(err, connection.ErrNoConnection) {
		t.Errorf("Delete of what is gone: got %v, want %v", err, connection.ErrNoConnection)
	}
}

// Connections are cut all the time: writes are done, and each once.
func TestCutAllTheTime(t *testing.T) {
	t.Parallel()
	p, u := newProxy(t, newURL(t))
	s := openStore(t, u, seal.NewKeys(), &postgres.Options{Patience: time.Minute})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 40 {
			time.Sleep(time.Duration(1+i%7) * time.Millisecond)
			p.cut()
		}
	}()
	c := &connection.Connection{Key: testKey}
	if err := s.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	first, writes := c.Generation, int64(0)
	for running := true; running; writes++ {
		select {
		case <-done:
			running = false
		default:
		}
		c.Generation++
		if err := s.Replace(t.Context(), c, c.Generation-1); err != nil {
			t.Fatalf("write %d: %v", writes, err)
		}
	}
	got, err := s.Get(t.Context(), testKey)
	if err != nil || got.Generation != first+writes {
		t.Errorf("got generation %d, %v; want %d", got.Generation, err, first+writes)
	}
}

// An administrator ends all sessions, idle ones and busy ones.
func TestTerminated(t *testing.T) {
	t.Parallel()
	u := newDatabase(t)
	name := strings.TrimPrefix(parse(t, u).Path, "/")
	s := openStore(t, u, seal.NewKeys(), nil)
	done := make(chan struct{})
	admin := connect(t, server(t))
	defer admin.Close(context.Background())
	go func() {
		defer close(done)
		for range 20 {
			admin.Exec(context.Background(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
			time.Sleep(2 * time.Millisecond)
		}
	}()
	c := &connection.Connection{Key: testKey}
	for i := 0; ; i++ {
		if err := s.Put(t.Context(), c); err != nil {
			t.Fatalf("Put %d: %v", i, err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// A network that swallows answers: a context ends the wait.
func TestSwallowed(t *testing.T) {
	t.Parallel()
	p, u := newProxy(t, newURL(t))
	s := openStore(t, u, seal.NewKeys(), nil)
	p.swallow.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := s.Get(ctx, testKey)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, postgres.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the context's end was noticed after %v", took)
	}
	p.swallow.Store(false)
	if _, err := s.Get(t.Context(), testKey); !errors.Is(err, connection.ErrNoConnection) {
		t.Errorf("afterwards: %v", err)
	}
}

// The server's clock is set by an hour, both ways: leases last as long as they
// were meant to at most, or end.
func TestClockSet(t *testing.T) {
	t.Parallel()
	u := newURL(t)
	s := openStore(t, u, seal.NewKeys(), nil)
	ctx := t.Context()
	lease := quoted(s.Schema()) + ".lease"
	shift := func(by string) { // instead of the clock, the lease moves
		mustExec(t, testDatabase(t), "UPDATE "+lease+" SET since = since + $1::text::interval, until = until + $1::text::interval", by)
	}
	acquire := func(what, holder string, want error) {
		t.Helper()
		if err := s.Acquire(ctx, testKey, holder, time.Minute); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	acquire("first", "a", nil)
	shift("30 seconds")
	acquire("set back by less than the lease", "b", connection.ErrLeased)
	shift("1 hour")
	acquire("set back by an hour", "b", nil)
	shift("-1 hour")
	acquire("set ahead by an hour", "a", nil)
}

// The server has no room on its disk: a trigger says so in its words. Nothing is
// changed, and work goes on when there is room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := openStore(t, newURL(t), seal.NewKeys(), nil)
	ctx, in := t.Context(), quoted(s.Schema())
	first := storetest.Connection(testKey)
	if err := s.Put(ctx, first); err != nil {
		t.Fatal(err)
	}
	mustExec(t, testDatabase(t), `CREATE FUNCTION `+in+`.full() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
	mustExec(t, testDatabase(t), "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON "+in+".connection EXECUTE FUNCTION "+in+".full()")
	other := storetest.Connection(connection.Key{Integration: "a", ConnectionID: "other"})
	for what, err := range map[string]error{
		"Put": s.Put(ctx, other), "Replace": s.Replace(ctx, first, first.Generation), "Add": s.Add(ctx, []*connection.Connection{other}),
	} {
		if !errors.Is(err, postgres.ErrFull) || strings.Contains(err.Error(), storetest.Marker) {
			t.Errorf("%s: got %v, want %v", what, err, postgres.ErrFull)
		}
	}
	got, err := s.Get(ctx, testKey)
	if err != nil || storetest.Diff(first, got) != "" {
		t.Errorf("what was there before: %v", err)
	}
	if _, err := s.Get(ctx, other.Key); !errors.Is(err, connection.ErrNoConnection) {
		t.Errorf("what found no room: got %v, want %v", err, connection.ErrNoConnection)
	}
	mustExec(t, testDatabase(t), "DROP TRIGGER full_disk ON "+in+".connection")
	if err := s.Put(ctx, other); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

// Whoever asks for a lease in vain writes nothing, be it a lock.
func TestLeasedWithoutAWrite(t *testing.T) {
	t.Parallel()
	s := openStore(t, newURL(t), seal.NewKeys(), nil)
	if err := s.Acquire(t.Context(), testKey, "a", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Acquire(t.Context(), testKey, "b", time.Hour); !errors.Is(err, connection.ErrLeased) {
		t.Errorf("got %v, want %v", err, connection.ErrLeased)
	}
	var locked bool
	query(t, "SELECT xmax <> 0 FROM "+quoted(s.Schema())+".lease", &locked)
	if locked {
		t.Error("the row was locked")
	}
}

// Deletions are forgotten in the end, and whoever has not heard starts over.
func TestForgotten(t *testing.T) {
	t.Parallel()
	s := openStore(t, newURL(t), seal.NewKeys(), nil)
	ctx := t.Context()
	schema := quoted(s.Schema())
	put := func(id string) {
		t.Helper()
		if err := s.Put(ctx, &connection.Connection{Key: connection.Key{Integration: "a", ConnectionID: id}}); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(id string) {
		t.Helper()
		if err := s.Delete(ctx, connection.Key{Integration: "a", ConnectionID: id}); err != nil {
			t.Fatal(err)
		}
	}
	put("1")
	remove("1") // revision 2
	mustExec(t, testDatabase(t), "UPDATE "+schema+".deletion SET deleted_at = deleted_at - interval '61 minutes'")
	put("2")
	put("3")
	mustExec(t, testDatabase(t), "UPDATE "+schema+".counter SET revision = 255")
	remove("2") // revision 256: what is old goes
	var left int
	query(t, "SELECT count(*) FROM "+schema+".deletion", &left)
	if left != 1 {
		t.Errorf("%d deletions are kept, want 1", left)
	}
	if c, err := s.Changes(ctx, 1); err != nil || !c.All {
		t.Errorf("who has not heard: got %+v, %v; want all", c, err)
	}
	if c, err := s.Changes(ctx, 2); err != nil || c.All || len(c.Keys) != 2 {
		t.Errorf("who has heard: got %+v, %v; want 2 keys", c, err)
	}
}

func withPassword(t *testing.T, databaseURL string) string {
	u := parse(t, databaseURL)
	return strings.Replace(databaseURL, "//"+u.User.Username(), "//"+u.User.Username()+":seeded", 1)
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	base := newURL(t)
	newer := newURL(t)
	s := openStore(t, newer, seal.NewKeys(), nil)
	mustExec(t, testDatabase(t), "INSERT INTO "+quoted(s.Schema())+".schema_version VALUES (99, 'later', now())")
	latin := makeEncoded(t)
	absent := parse(t, base)
	absent.Path = "/nango_lite_no_such_database"
	for name, row := range map[string]struct{ url, want string }{
		"not a URL":         {"host=127.0.0.1 password=seeded", "want a URL"},
		"another scheme":    {"mysql://u:seeded@h/d", "want a URL"},
		"garbage":           {"postgres://u:seeded@%zz/", "parse"},
		"no database":       {absent.String(), "does not exist"},
		"of a newer one":    {newer, "version 99"},
		"reserved":          {withSchema(t, base, "pg_x"), "no name of a schema"},
		"too long":          {withSchema(t, base, strings.Repeat("x", 64)), "no name of a schema"},
		"unknown parameter": {base + "&nonsense=1", "nonsense"},
		"encoding":          {latin, "must be UTF8"},
	} {
		_, err := postgres.Open(t.Context(), row.url, seal.NewKeys(), nil)
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "seeded") {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
		if errors.Is(err, postgres.ErrUnavailable) {
			t.Errorf("%s: will not go away by itself: %v", name, err)
		}
	}
	if _, err := postgres.Open(t.Context(), base, nil, nil); err == nil {
		t.Error("opened without keys")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := postgres.Open(ctx, base, seal.NewKeys(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// Schemas of one database know nothing of one another.
func TestSchemas(t *testing.T) {
	t.Parallel()
	u, keys := newDatabase(t), seal.NewKeys()
	a := openStore(t, u, keys, nil)
	b := openStore(t, u, keys, &postgres.Options{Schema: postgres.DefaultSchema + "_sandbox"})
	if a.Schema() != "nango_lite" || b.Schema() != "nango_lite_sandbox" {
		t.Errorf("got the schemas %s and %s", a.Schema(), b.Schema())
	}
	if err := a.Put(t.Context(), storetest.Connection(testKey)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Get(t.Context(), testKey); !errors.Is(err, connection.ErrNoConnection) {
		t.Errorf("got %v, want %v", err, connection.ErrNoConnection)
	}
}

// A user who may not make schemas works in one that was made for it, and is told so
// otherwise.
func TestModestUser(t *testing.T) {
	t.Parallel()
	u := newDatabase(t)
	name := strings.TrimPrefix(parse(t, u).Path, "/") + "_user"
	mustExec(t, u, "CREATE ROLE "+name+" LOGIN PASSWORD 'seeded'")
	t.Cleanup(func() {
		mustExec(t, u, "DROP OWNED BY "+name+" CASCADE")
		mustExec(t, u, "DROP ROLE "+name)
	})
	mine := parse(t, u)
	mine.User = url.UserPassword(name, "seeded")
	_, err := postgres.Open(t.Context(), mine.String(), seal.NewKeys(), nil)
	if err == nil || !strings.Contains(err.Error(), "CREATE SCHEMA") || strings.Contains(err.Error(), "seeded") {
		t.Errorf("got %v, want advice", err)
	}
	mustExec(t, u, "CREATE SCHEMA nango_lite AUTHORIZATION "+name)
	s := openStore(t, mine.String(), seal.NewKeys(), nil)
	if err := s.Put(t.Context(), storetest.Connection(testKey)); err != nil {
		t.Error(err)
	}
}

// Where an administrator wants every transaction serializable, the same promises
// hold: what fails for that reason is done again.
func TestSerializable(t *testing.T) {
	t.Parallel()
	u := newDatabase(t)
	mustExec(t, u, "ALTER DATABASE "+strings.TrimPrefix(parse(t, u).Path, "/")+" SET default_transaction_isolation = 'serializable'")
	storetest.RunShared(t, func(t *testing.T) (a, b connection.Store) {
		u, keys := withSchema(t, u, fmt.Sprint("s", schemas.Add(1))), seal.NewKeys()
		opts := &postgres.Options{Patience: time.Minute}
		return openStore(t, u, keys, opts), openStore(t, u, keys, opts)
	})
}

// S46: a statement that the server gives up, because of its own timeouts or because an
// administrator cancels it, is made again within the store's patience; then the error says
// that the database is busy, and nothing was changed.
func TestTimeoutsOfTheServer_S46(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"statement_timeout", "lock_timeout"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			u, keys := newURL(t), seal.NewKeys()
			c := storetest.Connection(testKey)
			if err := openStore(t, u, keys, nil).Put(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			limited := parse(t, u)
			q := limited.Query()
			q.Set(setting, "100")
			limited.RawQuery = q.Encode()
			s := openStore(t, limited.String(), keys, &postgres.Options{Patience: time.Second})
			patient := openStore(t, limited.String(), keys, &postgres.Options{Patience: time.Hour})

			release := lockCounter(t, s.Schema())
			changed := c.Clone()
			changed.Reason = "changed"
			for what, err := range map[string]error{
				"Put": s.Put(t.Context(), changed.Clone()), "Replace": s.Replace(t.Context(), changed, c.Generation), "Delete": s.Delete(t.Context(), testKey),
				"Add": s.Add(t.Context(), []*connection.Connection{storetest.Connection(connection.Key{Integration: "a", ConnectionID: "b"})}),
			} {
				if !errors.Is(err, postgres.ErrBusy) || strings.Contains(fmt.Sprint(err), storetest.Marker) {
					t.Errorf("%s: got %v, want %v", what, err, postgres.ErrBusy)
				}
			}
			if got, err := s.Get(t.Context(), testKey); err != nil || storetest.Diff(c, got) != "" {
				t.Errorf("something was changed: %v", err)
			}
			done := make(chan error)
			go func() { done <- patient.Replace(t.Context(), changed, c.Generation) }()
			release()
			if err := <-done; err != nil {
				t.Errorf("with patience: %v", err)
			}
		})
	}
}

func TestCancelledStatements_S46(t *testing.T) {
	t.Parallel()
	u := newURL(t)
	v := parse(t, u)
	q := v.Query()
	name := fmt.Sprint("cancelled-", schemas.Add(1))
	q.Set("application_name", name)
	v.RawQuery = q.Encode()
	s := openStore(t, v.String(), seal.NewKeys(), &postgres.Options{Patience: time.Minute})
	release := lockCounter(t, s.Schema())
	done := make(chan error)
	go func() { done <- s.Put(t.Context(), storetest.Connection(testKey)) }()
	cancelled := 0
	for cancelled < 3 {
		var n int
		query(t, `SELECT count(*) FROM pg_stat_activity WHERE
			CASE WHEN application_name = $1 AND wait_event_type = 'Lock' THEN pg_cancel_backend(pid) ELSE false END`, &n, name)
		cancelled += n
	}
	release()
	if err := <-done; err != nil {
		t.Errorf("cancelled %d times: %v", cancelled, err)
	}
	if _, err := s.Get(t.Context(), testKey); err != nil {
		t.Error(err)
	}
}

// lockCounter has another hold the row that every write needs, until release is called.
func lockCounter(t *testing.T, schema string) (release func()) {
	t.Helper()
	conn := connect(t, testDatabase(t))
	t.Cleanup(func() { conn.Close(context.Background()) })
	tx, err := conn.Begin(context.Background())
	if err == nil {
		_, err = tx.Exec(t.Context(), "SELECT FROM "+quoted(schema)+".counter FOR UPDATE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// S44: before a key is said to be needed by nothing, writes that are under way are waited
// for: they may be sealed with it.
func TestIdleKeysWaitForWriters_S44(t *testing.T) {
	t.Parallel()
	u, keys := newURL(t), seal.NewKeys()
	limited := parse(t, u)
	q := limited.Query()
	q.Set("lock_timeout", "100")
	limited.RawQuery = q.Encode()
	s := openStore(t, limited.String(), keys, &postgres.Options{Patience: time.Second})
	conn := connect(t, testDatabase(t))
	defer conn.Close(context.Background())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := connection.Encode(&connection.Connection{Key: testKey}, keys)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(t.Context(), "INSERT INTO "+quoted(s.Schema())+".connection VALUES ($1, $2, 0, '', NULL, now(), now(), 1, $3)",
		testKey.Integration, testKey.ConnectionID, data)
	if err != nil {
		t.Fatal(err)
	}
	if idle, _, err := seal.Idle(t.Context(), s, keys.IDs()); !errors.Is(err, postgres.ErrBusy) {
		t.Errorf("while another writes: got %v, %v; want %v", idle, err, postgres.ErrBusy)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if idle, _, err := seal.Idle(t.Context(), s, keys.IDs()); err != nil || len(idle) != 0 {
		t.Errorf("when it is written: got %v, %v; want that the key is needed", idle, err)
	}
}

// S44: a write that waits for a connection of the pool while keys are rotated is sealed
// when it has one: with the key that is active then.
func TestSealedWhenItIsSent_S44(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys")
	if _, err := seal.CreateFile(file); err != nil {
		t.Fatal(err)
	}
	keys, err := seal.OpenKeyFile(file)
	if err != nil {
		t.Fatal(err)
	}
	u := parse(t, newURL(t))
	q := u.Query()
	q.Set("pool_max_conns", "1")
	u.RawQuery = q.Encode()
	sealed := make(chan struct{}, 10)
	s := openStore(t, u.String(), telling{keys, sealed}, nil)
	x, y := storetest.Connection(testKey), storetest.Connection(connection.Key{Integration: "a", ConnectionID: "y"})
	if err := s.Put(t.Context(), y); err != nil {
		t.Fatal(err)
	}
	<-sealed
	release := lockCounter(t, s.Schema())
	done := make(chan error, 2)
	go func() { done <- s.Put(t.Context(), x) }() // has the only connection, and waits
	<-sealed
	go func() { done <- s.Replace(t.Context(), y, y.Generation) }() // waits for the connection
	old := keys.Active()
	if _, err := seal.AddKey(file); err != nil {
		t.Fatal(err)
	}
	if err := seal.RemoveKeys(file, []string{old}); err != nil {
		t.Fatal(err)
	}
	release()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	fresh, err := seal.LoadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	again := openStore(t, u.String(), fresh, nil)
	for _, want := range []*connection.Connection{x, y} {
		got, err := again.Get(t.Context(), want.Key)
		if err != nil {
			t.Errorf("a program that starts now: %v", err)
		} else if diff := storetest.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// A telling sealer says when it has sealed.
type telling struct {
	*seal.KeyFile
	sealed chan<- struct{}
}

func (s telling) Seal(plaintext, aad []byte) ([]byte, error) {
	defer func() { s.sealed <- struct{}{} }()
	return s.KeyFile.Seal(plaintext, aad)
}
