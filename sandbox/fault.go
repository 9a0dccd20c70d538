package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Fault is something that goes wrong on demand. "429:epoch_seconds" names the
// dialect (see [Dialects]), "slow:2s" and "slow-token:2s" how slow.
type Fault string

// Faults of the API. Over a socket net/http itself repeats a GET whose connection
// had been used before and is reset; give its Transport DisableKeepAlives to see
// every reset.
const (
	FaultRateLimited Fault = "429"       // too many requests
	FaultTimeout     Fault = "timeout"   // no answer until the client gives up
	FaultReset       Fault = "reset"     // the connection is reset before the answer
	FaultUnavailable Fault = "503"       // the provider is down
	FaultSlow        Fault = "slow"      // the answer comes Options.SlowBy late
	FaultTruncated   Fault = "truncated" // the body ends before its Content-Length
	FaultExpired     Fault = "expired"   // 401 as if the access token had expired; the next one works
	FaultRevoked     Fault = "revoked"   // the grant is revoked: 401, and invalid_grant from then on
)

// Faults of the token endpoint. The first two redeem what they are given; the
// others come from something in front of the provider and redeem nothing.
const (
	FaultLostAnswer Fault = "lost-answer" // redeems and rotates, then the connection breaks
	FaultSlowToken  Fault = "slow-token"  // redeems and rotates, then answers Options.SlowBy late
	FaultTokenHTML  Fault = "token-html"  // 200 with a page
	FaultTokenEmpty Fault = "token-empty" // 200 with nothing
	FaultToken5xx   Fault = "token-5xx"   // 503
)

var (
	apiFaults   = []Fault{FaultRateLimited, FaultTimeout, FaultReset, FaultUnavailable, FaultSlow, FaultTruncated, FaultExpired, FaultRevoked}
	tokenFaults = []Fault{FaultLostAnswer, FaultSlowToken, FaultTokenHTML, FaultTokenEmpty, FaultToken5xx}
)

// Faults returns the names of all faults, those of the API first.
func Faults() []Fault { return slices.Concat(apiFaults, tokenFaults) }

// FaultHeader asks for a fault at one API request: "429", or with a limit for
// requests that may be retried, as [FaultValue] writes it. A fault of the token
// endpoint is asked for here too: the request is then answered as with "expired",
// and the refresh that follows meets the fault.
const FaultHeader = "X-Sandbox-Fault"

// FaultValue returns a value for [FaultHeader] under which the fault happens to
// the first times requests that carry it. id tells requests apart, such as a
// random text made for each call. A negative times means all. For a fault of the
// token endpoint it is the first request that is answered as with "expired", and
// times counts what arrives at the token endpoint then.
func FaultValue(f Fault, times int, id string) string {
	return fmt.Sprintf("%s;times=%d;id=%s", f, times, id)
}

// ParseFault checks a name, such as one from a command line.
func ParseFault(s string) (Fault, error) {
	f := Fault(s)
	name, detail := f.cut()
	switch {
	case !slices.Contains(Faults(), name):
		return "", fmt.Errorf("unknown fault %q; there are %s", s, strings.Trim(fmt.Sprint(Faults()), "[]"))
	case detail == "":
		return f, nil
	case name == FaultRateLimited && isDialect(detail):
		return f, nil
	case name == FaultSlow || name == FaultSlowToken:
		if d, err := time.ParseDuration(detail); err == nil && d >= 0 {
			return f, nil
		}
	}
	return "", fmt.Errorf("fault %q: %q says nothing about it", s, detail)
}

func (f Fault) cut() (name Fault, detail string) {
	n, detail, _ := strings.Cut(string(f), ":")
	return Fault(n), detail
}

// OfToken reports whether f is a fault of the token endpoint.
func OfToken(f Fault) bool {
	name, _ := f.cut()
	return slices.Contains(tokenFaults, name)
}

// faults are what is still to go wrong.
type faults struct {
	mu         sync.Mutex
	api, token []pendingFault
	met        map[string]int // by id of the header
}

type pendingFault struct {
	fault Fault
	times int // negative: always
}

// Fault makes the next times requests go wrong, after what was asked for before:
// token requests for a fault of the token endpoint, API requests for the others.
// A negative times means all from then on. The error says that there is no such
// fault.
func (p *Provider) Fault(f Fault, times int) error {
	if _, err := ParseFault(string(f)); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	p.faults.mu.Lock()
	defer p.faults.mu.Unlock()
	if OfToken(f) {
		p.faults.token = append(p.faults.token, pendingFault{f, times})
	} else {
		p.faults.api = append(p.faults.api, pendingFault{f, times})
	}
	return nil
}

func (fs *faults) takeToken() Fault { return fs.take(&fs.token) }

func (fs *faults) take(from *[]pendingFault) Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for len(*from) > 0 {
		next := &(*from)[0]
		switch {
		case next.times < 0:
			return next.fault
		case next.times == 0:
			*from = (*from)[1:]
		default:
			next.times--
			return next.fault
		}
	}
	return ""
}

// faultOf returns the fault of an API request: its header's, else the next one.
func (p *Provider) faultOf(r *http.Request) (Fault, *refusal) {
	value := r.Header.Get(FaultHeader)
	if value == "" {
		return p.faults.take(&p.faults.api), nil
	}
	name, rest, _ := strings.Cut(value, ";")
	f, err := ParseFault(strings.TrimSpace(name))
	if err != nil {
		return "", refused(400, "invalid_request", "%s: %s", FaultHeader, err)
	}
	times, id := -1, ""
	for option := range strings.SplitSeq(rest, ";") {
		key, v, _ := strings.Cut(strings.TrimSpace(option), "=")
		switch key {
		case "times":
			times, _ = strconv.Atoi(v)
		case "id":
			id = v
		}
	}
	switch {
	case OfToken(f) && id == "":
		times = 1
	case OfToken(f) && !p.faults.again(id, 1), !OfToken(f) && id != "" && !p.faults.again(id, times):
		return "", nil
	}
	if OfToken(f) {
		_ = p.Fault(f, times) // parsed above
		return FaultExpired, nil
	}
	return f, nil
}

// again counts a header's id and reports whether the fault still happens.
func (fs *faults) again(id string, times int) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.met == nil {
		fs.met = map[string]int{}
	}
	fs.met[id]++
	return times < 0 || fs.met[id] <= times
}
