package docs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

const exampleFile = `
integrations:
    airtable:
        extends_blueprint: airtable:v0
`

// stop ends an example that went wrong.
func stop(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func Example_sqlite() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example") // a host has a place of its own, which only it may read
	stop(err)
	defer os.RemoveAll(dir)

	keys, err := seal.LoadFile(filepath.Join(dir, "connections.key"))
	if errors.Is(err, fs.ErrNotExist) {
		keys, err = seal.CreateFile(filepath.Join(dir, "connections.key")) // keep a copy of it
	}
	stop(err)
	store, err := sqlite.Open(ctx, filepath.Join(dir, "connections.db"), keys, nil)
	stop(err)
	defer store.Close()

	cfg, diags := loader.LoadBytes(ctx, "integrations.yaml", []byte(exampleFile), nil)
	stop(diags.Err())
	eng, err := engine.New(cfg, &engine.Options{Connections: store})
	stop(err)

	key := engine.Key{Integration: "airtable", ConnectionID: "user-42"}
	_, err = eng.Connect(ctx, key, engine.Credentials{APIKey: schema.NewSecret("invented")}, nil)
	stop(err)
	page, err := eng.Connections(ctx, engine.Query{})
	stop(err)
	fmt.Println(page.Connections[0].Key, page.Connections[0].Status)

	// Output:
	// airtable/user-42 active
}
