package layer_test

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// slow is how long a provider takes until it answers, and then for each byte of the body.
type slow struct{ answer, read time.Duration }

// slowly answers as the request's X-Slow says.
type slowly map[string]slow

func (rows slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	s := rows[r.Header.Get("X-Slow")]
	select {
	case <-time.After(s.answer):
		return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, Body: &slowBody{r: r, each: s.read}}, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

type slowBody struct {
	r    *http.Request
	each time.Duration
	sent int
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.sent == 3 {
		return 0, io.EOF
	}
	select {
	case <-time.After(b.each):
		b.sent++
		return copy(p, "x"), nil
	case <-b.r.Context().Done():
		return 0, b.r.Context().Err()
	}
}

func (b *slowBody) Close() error { return nil }

// One timer serves all attempts of a chain: each still ends at its own time, to the
// nanosecond, whatever the others do meanwhile.
func TestEachAttemptHasItsOwnTime(t *testing.T) {
	const limit = 10 * time.Second
	rows := map[string]struct {
		slow  slow
		pause time.Duration // of the reader, before each read
		ends  time.Duration // after so long; 0: with a whole answer
	}{
		"no answer":                 {slow{answer: time.Hour}, 0, limit},
		"an answer just in time":    {slow{answer: limit - 1}, 0, 0},
		"a body that stops":         {slow{answer: 4 * time.Second, read: time.Hour}, 0, 4*time.Second + limit},
		"a slow body":               {slow{answer: 4 * time.Second, read: limit - 1}, 0, 0},
		"a slow reader":             {slow{answer: time.Second}, 3 * limit, 0},
		"a body that stops, slowly": {slow{read: time.Hour}, 3 * limit, 4 * limit},
		"a quick answer":            {slow{}, 0, 0},
	}
	synctest.Test(t, func(t *testing.T) {
		provider := slowly{}
		for name, row := range rows {
			provider[name] = row.slow
		}
		chain := layer.Transport(limit)(provider)
		var all sync.WaitGroup
		for name, row := range rows {
			for i := range 20 {
				all.Go(func() {
					time.Sleep(time.Duration(i) * 700 * time.Millisecond)
					start := time.Now()
					err := getSlowly(t, chain, name, row.pause)
					took := time.Since(start)
					if (err == nil) != (row.ends == 0) || err != nil && took != row.ends {
						t.Errorf("%s: attempt %d ended after %s with %v, want after %s", name, i, took, err, row.ends)
					}
				})
			}
		}
		all.Wait()
	})
}

func getSlowly(t *testing.T, chain http.RoundTripper, name string, pause time.Duration) error {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.fjord.example/", nil)
	if err != nil {
		return err
	}
	r.Header.Set("X-Slow", name)
	resp, err := chain.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	for p := make([]byte, 1); err == nil; {
		time.Sleep(pause)
		_, err = resp.Body.Read(p)
	}
	if err == io.EOF {
		return nil
	}
	return err
}
