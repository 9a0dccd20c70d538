package play

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Names of faults.
const (
	FaultRateLimited = "429"
	FaultTimeout     = "timeout"
	FaultReset       = "reset"
	FaultUnavailable = "503"
	FaultSlow        = "slow"
	FaultTruncated   = "truncated"
	FaultExpired     = "expired"
	FaultRevoked     = "revoked"
	FaultLostAnswer  = "lost-answer"
	FaultSlowToken   = "slow-token"
	FaultTokenHTML   = "token-html"
	FaultTokenEmpty  = "token-empty"
	FaultToken5xx    = "token-5xx"
)

var (
	apiFaults   = []string{FaultRateLimited, FaultTimeout, FaultReset, FaultUnavailable, FaultSlow, FaultTruncated, FaultExpired, FaultRevoked}
	tokenFaults = []string{FaultLostAnswer, FaultSlowToken, FaultTokenHTML, FaultTokenEmpty, FaultToken5xx}
)

// FaultNames returns the names of all faults, those of the API first.
func FaultNames() []string { return slices.Concat(apiFaults, tokenFaults) }

// FaultHeader asks for a fault at one API request.
const FaultHeader = "X-Sandbox-Fault"

// CheckFault says what is wrong with the name of a fault and its detail.
func CheckFault(s string) error {
	name, detail := CutFault(s)
	switch {
	case !slices.Contains(FaultNames(), name):
		return fmt.Errorf("unknown fault %q; there are %s", s, strings.Join(FaultNames(), " "))
	case detail == "":
		return nil
	case name == FaultRateLimited && isDialect(detail):
		return nil
	case name == FaultSlow || name == FaultSlowToken:
		if d, err := time.ParseDuration(detail); err == nil && d >= 0 {
			return nil
		}
	}
	return fmt.Errorf("fault %q: %q says nothing about it", s, detail)
}

// CutFault parts the name of a fault and its detail.
func CutFault(f string) (name, detail string) {
	name, detail, _ = strings.Cut(f, ":")
	return name, detail
}

// FaultOfToken reports whether f is a fault of the token endpoint.
func FaultOfToken(f string) bool {
	name, _ := CutFault(f)
	return slices.Contains(tokenFaults, name)
}

// Faults are what is still to go wrong.
type Faults struct {
	mu         sync.Mutex
	api, token []pendingFault
	met        map[string]int // by id of the header
}

type pendingFault struct {
	fault string
	times int // negative: always
}

// Ask makes the next times requests go wrong.
func (fs *Faults) Ask(f string, times int) error {
	if err := CheckFault(f); err != nil {
		return err
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if FaultOfToken(f) {
		fs.token = append(fs.token, pendingFault{f, times})
	} else {
		fs.api = append(fs.api, pendingFault{f, times})
	}
	return nil
}

func (fs *Faults) TakeAPI() string { return fs.take(&fs.api) }

func (fs *Faults) TakeToken() string { return fs.take(&fs.token) }

func (fs *Faults) take(from *[]pendingFault) string {
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

// Again counts a header's id and reports whether the fault still happens.
func (fs *Faults) Again(id string, times int) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.met == nil {
		fs.met = map[string]int{}
	}
	fs.met[id]++
	return times < 0 || fs.met[id] <= times
}
