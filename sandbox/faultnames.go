package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Names of faults.
const (
	faultRateLimited = "429"
	faultTimeout     = "timeout"
	faultReset       = "reset"
	faultUnavailable = "503"
	faultSlow        = "slow"
	faultTruncated   = "truncated"
	faultExpired     = "expired"
	faultRevoked     = "revoked"
	faultLostAnswer  = "lost-answer"
	faultSlowToken   = "slow-token"
	faultTokenHTML   = "token-html"
	faultTokenEmpty  = "token-empty"
	faultToken5xx    = "token-5xx"
)

var (
	apiFaults   = []string{faultRateLimited, faultTimeout, faultReset, faultUnavailable, faultSlow, faultTruncated, faultExpired, faultRevoked}
	tokenFaults = []string{faultLostAnswer, faultSlowToken, faultTokenHTML, faultTokenEmpty, faultToken5xx}
)

// faultNames returns the names of all faults, those of the API first.
func faultNames() []string { return slices.Concat(apiFaults, tokenFaults) }

// faultHeader asks for a fault at one API request.
const faultHeader = "X-Sandbox-Fault"

// checkFault says what is wrong with the name of a fault and its detail.
func checkFault(s string) error {
	name, detail := cutFault(s)
	switch {
	case !slices.Contains(faultNames(), name):
		return fmt.Errorf("unknown fault %q; there are %s", s, strings.Join(faultNames(), " "))
	case detail == "":
		return nil
	case name == faultRateLimited && isDialect(detail):
		return nil
	case name == faultSlow || name == faultSlowToken:
		if d, err := time.ParseDuration(detail); err == nil && d >= 0 {
			return nil
		}
	}
	return fmt.Errorf("fault %q: %q says nothing about it", s, detail)
}

// cutFault parts the name of a fault and its detail.
func cutFault(f string) (name, detail string) {
	name, detail, _ = strings.Cut(f, ":")
	return name, detail
}

// faultOfToken reports whether f is a fault of the token endpoint.
func faultOfToken(f string) bool {
	name, _ := cutFault(f)
	return slices.Contains(tokenFaults, name)
}

// faults are what is still to go wrong.
type faults struct {
	mu         sync.Mutex
	api, token []pendingFault
	met        map[string]int // by id of the header
}

type pendingFault struct {
	fault string
	times int // negative: always
}

// ask makes the next times requests go wrong.
func (fs *faults) ask(f string, times int) error {
	if err := checkFault(f); err != nil {
		return err
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if faultOfToken(f) {
		fs.token = append(fs.token, pendingFault{f, times})
	} else {
		fs.api = append(fs.api, pendingFault{f, times})
	}
	return nil
}

func (fs *faults) takeAPI() string   { return fs.take(&fs.api) }
func (fs *faults) takeToken() string { return fs.take(&fs.token) }

func (fs *faults) take(from *[]pendingFault) string {
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
