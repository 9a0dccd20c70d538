package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/engine"
)

// What is kept of token answers has a bound, in bytes and in members, however many names
// the answers bring. The latest answer is kept, and what is small of the earlier ones.
func TestWhatIsKeptOfAnswersIsBounded(t *testing.T) {
	for name, member := range map[string]func(n int) string{
		"large members": func(n int) string { return fmt.Sprintf(`"k%d":%q`, n, strings.Repeat("x", 300_000)) },
		"many members": func(n int) string {
			var all []string
			for i := range 400 {
				all = append(all, fmt.Sprintf(`"k%d_%d":1`, n, i))
			}
			return strings.Join(all, ",")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				p := &provider{token: func(*tokenCall) (int, string) {
					n++
					first := ""
					if n == 1 {
						first = `"workspace":"w",`
					}
					return 200, fmt.Sprintf(`{"access_token":"a%d","refresh_token":"r%d",%s%s}`, n, n, first, member(n))
				}}
				e := newEngine(t, p, nil, nil)
				connect(t, e)
				var c *engine.Connection
				var err error
				for range 8 {
					if c, err = e.Refresh(t.Context(), alice); err != nil {
						t.Fatal(err)
					}
				}
				raw := c.Credentials.Token.Raw.Reveal()
				if members := strings.Count(raw, `":`); len(raw) > 1<<20 || members > 1000 {
					t.Errorf("%d bytes and %d members are kept", len(raw), members)
				}
				if got, _ := c.Credentials.Token.RawValue("access_token"); got != "a9" || !strings.Contains(raw, `"k9`) {
					t.Errorf("the latest answer is not kept: access_token %q", got)
				}
				if w, _ := c.Credentials.Token.RawValue("workspace"); name == "large members" && w != "w" {
					t.Error("what the provider said once is lost, though it is small")
				}
			})
		})
	}
}
