package answer_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/schema"
)

// Whatever a RateLimit field says, in one line or in two: a wait is between nothing and
// a year, what is left is a number, nothing is left where we wait, and a cache's answer
// says nothing of now.
func FuzzRateLimits(f *testing.F) {
	for _, seed := range []string{
		`"default";r=50;t=30`, `"default";r=0;t=30, "day";r=7;t=3600`, `limit=100, remaining=0, reset=1.4`, `limit=100, remaining=0;w=1, reset="7"`, `"a,b;r=9";r=0;t=5`, `"\";r=0;t=1`,
		`r=0;t=1e308`, `r=-0;t=-1`, `remaining=NaN, reset=Inf`, `r=0x0p0;t=1_0`, `;;;,,,`, `"`, `R=0;T=5`, "r=0;t=5\x00", ` r = 0 ; t = 5 `,
	} {
		f.Add(seed, "")
		f.Add(`"default";r=1;t=1`, seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		h := http.Header{"Ratelimit": {first, second}}
		wait, exhausted := answer.Exhausted(h, "RateLimit")
		if wait < 0 || wait > 366*24*time.Hour || !exhausted && wait != 0 {
			t.Errorf("%q, %q: a wait of %v, %t", first, second, wait, exhausted)
		}
		left, told := answer.Remaining(h, "RateLimit")
		if !(left >= 0) || !told && left != 0 {
			t.Errorf("%q, %q: %v left, %t", first, second, left, told)
		}
		if exhausted && told && left > 0 && !strings.Contains(first+second, "-") {
			t.Errorf("%q, %q: nothing is left, and %v are", first, second, left)
		}
		resp := &http.Response{Header: h, Body: http.NoBody}
		if got, where, ok := answer.Wait(resp, nil, now); ok != exhausted || got != wait || ok && strings.ContainsAny(where, "\"\x00") {
			t.Errorf("%q, %q: waits %v (%q, %t), not %v, %t", first, second, got, where, ok, wait, exhausted)
		}
		if got, _, ok := answer.Reset(resp, schema.Wait{Header: "RateLimit", Format: "ratelimit"}, 0, now); ok != exhausted || got != wait {
			t.Errorf("%q, %q: starts anew in %v, not %v", first, second, got, wait)
		}
		h.Set("Age", "1")
		if _, ok := answer.Exhausted(h, "RateLimit"); ok {
			t.Errorf("%q, %q: out of a cache", first, second)
		}
	})
}
