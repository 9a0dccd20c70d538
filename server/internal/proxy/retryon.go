package proxy

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// retryOn is what a caller says with Retries and Retry-On: which statuses are to be
// tried again, beside those that the integration retries by itself. It never repeats
// what may have been done: only methods that are idempotent (RFC 9110 9.2.2), and only
// bodies that can be sent again.
type retryOn struct {
	times    int
	statuses []int
}

// The first wait between those attempts, and the longest, which is also the longest
// Retry-After that is waited for.
const (
	firstRetryWait = 500 * time.Millisecond
	maxRetryWait   = 30 * time.Second
)

// do makes a request, and again as p says. The error does not hold the URL, which that of
// net/http does.
func (p retryOn) do(client *http.Client, r *http.Request) (*http.Response, error) {
	may := p.times > 0 && len(p.statuses) > 0 && idempotent(r.Method) && (r.Body == http.NoBody || r.GetBody != nil)
	for attempt := 0; ; attempt++ {
		resp, err := send(client, r)
		if err != nil {
			var wrapped *url.Error
			if errors.As(err, &wrapped) {
				err = wrapped.Err
			}
			return nil, err
		}
		if !may || attempt >= p.times || !slices.Contains(p.statuses, resp.StatusCode) {
			return resp, nil
		}
		wait, ok := retryWait(resp.Header.Get("Retry-After"), attempt)
		if !ok {
			return resp, nil
		}
		next := r.Clone(r.Context())
		if r.GetBody != nil {
			if next.Body, err = r.GetBody(); err != nil {
				return resp, nil
			}
		}
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
		_ = resp.Body.Close()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-r.Context().Done():
			timer.Stop()
			return nil, r.Context().Err()
		}
		r = next
	}
}

func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// retryWait returns how long to wait: what the answer says, or else up to twice as
// long each time. It reports false for a wait that is too long.
func retryWait(after string, attempt int) (time.Duration, bool) {
	if n, err := strconv.Atoi(after); err == nil && n >= 0 {
		wait := time.Duration(n) * time.Second
		return wait, n <= int(maxRetryWait/time.Second)
	}
	if at, err := http.ParseTime(after); err == nil {
		wait := time.Until(at)
		return max(wait, 0), wait <= maxRetryWait
	}
	ceiling := min(firstRetryWait<<min(attempt, 10), maxRetryWait)
	return ceiling/2 + rand.N(ceiling/2), true
}

// maxCallerRetries is how often Retries may ask for another attempt.
const maxCallerRetries = 10

// retryOnOf reads Retries and Retry-On.
func retryOnOf(h http.Header) (retryOn, error) {
	var p retryOn
	if v := h.Get("Retries"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > maxCallerRetries {
			return p, errors.New("Retries must be a number from 0 to " + strconv.Itoa(maxCallerRetries))
		}
		p.times = n
	}
	for word := range strings.SplitSeq(strings.Join(h.Values("Retry-On"), ","), ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		status, err := strconv.Atoi(word)
		if err != nil || status < 400 || status > 599 {
			return p, errors.New("Retry-On must be statuses from 400 to 599, such as 409,422")
		}
		p.statuses = append(p.statuses, status)
	}
	return p, nil
}
