package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// formatWait writes a wait as rate_limit.wait.format says. Dates are rounded up
// to what they can say.
func formatWait(format string, now time.Time, d time.Duration) string {
	end := now.Add(d)
	up := end.Add(time.Second - 1).Truncate(time.Second).UTC()
	switch format {
	case "milliseconds":
		return strconv.FormatInt(d.Milliseconds(), 10)
	case "date":
		return up.Format(http.TimeFormat)
	case "rfc850":
		return strings.Replace(up.Format(time.RFC850), "UTC", "GMT", 1)
	case "asctime":
		return up.Format(time.ANSIC)
	case "past":
		return now.Add(-time.Hour).UTC().Format(http.TimeFormat)
	case "iso_date":
		return end.UTC().Format(time.RFC3339Nano)
	case "epoch_seconds":
		return strconv.FormatInt(up.Unix(), 10)
	case "epoch_milliseconds":
		return strconv.FormatInt(end.UnixMilli(), 10)
	case "ratelimit":
		return fmt.Sprintf(`"default";r=0;t=%d`, seconds(d))
	case "negative":
		return "-1"
	case "huge":
		return "99999999999999999999"
	case "invalid":
		return "soon"
	}
	return strconv.Itoa(seconds(d))
}

// seconds rounds up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// putWait says a wait at the place of w.
func (p *shapes) putWait(a *message.Answer, w schema.Wait, format string, d time.Duration) {
	value := formatWait(format, p.Now(), d)
	if w.Header != "" {
		a.Set(w.Header, value)
	}
	if w.Body == "" {
		return
	}
	if _, err := strconv.ParseInt(value, 10, 64); err == nil {
		a.Body = schema.PutAt(a.Body, w.Body, json.Number(value))
	} else {
		a.Body = schema.PutAt(a.Body, w.Body, value)
	}
}

// putDialect says the wait in one dialect and in no other.
func (p *shapes) putDialect(a *message.Answer, waits []schema.Wait, dialect string) {
	a.Header.Del("Retry-After")
	for _, w := range waits {
		a.Header.Del(w.Header)
		if w.Body != "" {
			schema.RemoveAt(a.Body, w.Body)
		}
	}
	if dialect == "none" {
		return
	}
	i := slices.IndexFunc(waits, func(w schema.Wait) bool { return w.Format == dialect })
	switch {
	case i >= 0:
		p.putWait(a, waits[i], dialect, retryAfter)
	case strings.HasPrefix(dialect, "epoch_") || dialect == "iso_date":
		p.putWait(a, schema.Wait{Header: "X-RateLimit-Reset"}, dialect, retryAfter)
	case dialect == "milliseconds":
		p.putWait(a, schema.Wait{Header: "X-RateLimit-Reset-After"}, dialect, retryAfter)
	case dialect == "ratelimit":
		p.putWait(a, schema.Wait{Header: "RateLimit"}, dialect, retryAfter)
	default:
		p.putWait(a, schema.Wait{Header: "Retry-After"}, dialect, retryAfter)
	}
}
