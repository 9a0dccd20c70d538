package cli_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/cli"
)

// Programs that start at once, where there is nothing yet, agree on one key: none
// takes another's store for one whose key is gone.
func TestFirstUseAtOnce(t *testing.T) {
	for range 5 {
		store := filepath.Join(t.TempDir(), "new", "connections.db")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				var stderr bytes.Buffer
				args := []string{"--store", store, "connections", "list"}
				code := cli.Run(t.Context(), args, cli.IO{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &stderr}, cli.Deps{})
				if code != 0 {
					t.Errorf("exit code %d: %s", code, &stderr)
				}
			})
		}
		wg.Wait()
	}
}
