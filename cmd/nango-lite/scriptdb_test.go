package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"
)

// postgresEnv names a server for the scripts about PostgreSQL.
const postgresEnv = "NANGO_LITE_TEST_POSTGRES"

var databases atomic.Int64

// database [name] makes an empty database until the script ends, and sets $NAME,
// or $DATABASE, to its URL.
func database(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	admin := os.Getenv(postgresEnv)
	u, err := url.Parse(admin)
	ts.Check(err)
	name := fmt.Sprintf("nango_lite_script_%d_%d", os.Getpid(), databases.Add(1))
	do := func(sql string) error {
		conn, err := pgx.Connect(ctx, admin)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, sql)
		return err
	}
	ts.Check(do("CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8'"))
	ts.Defer(func() { _ = do("DROP DATABASE " + name + " WITH (FORCE)") })
	u.Path = "/" + name
	variable := "DATABASE"
	if len(args) > 0 {
		variable = args[0]
	}
	ts.Setenv(variable, u.String())
}

// damage FILE CONNECTION [all] changes a bit of what is sealed of a connection in a
// SQLite file, or makes its row nonsense.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	var data []byte
	ts.Check(db.QueryRow("SELECT data FROM connection WHERE connection_id = ?", args[1]).Scan(&data))
	at := bytes.LastIndex(data, []byte(`"sealed":"`)) + 60
	if data[at] == 'A' {
		data[at] = 'B'
	} else {
		data[at] = 'A'
	}
	if len(args) > 2 {
		data = []byte("{")
	}
	_, err = db.Exec("UPDATE connection SET data = ? WHERE connection_id = ?", data, args[1])
	ts.Check(err)
}

// sqliteDo changes a SQLite file, as who can write to it and has no key may: sqlite FILE
// STATEMENT.
func sqliteDo(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	r, err := db.Exec(args[1])
	ts.Check(err)
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("%s: %d rows, %v", args[1], n, err)
	}
}

// tear FILE overwrites the middle of a file, as a disk that fails may.
func tear(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	for i := len(data) / 3; i < len(data)*2/3; i++ {
		data[i] = 0xa5
	}
	ts.Check(os.WriteFile(name, data, 0o600))
}
