// Package bench is the test bench of blueprint authors: it takes an entry of the
// catalog through every step that its mode has, the engine on one side and the
// sandbox on the other, with the entry's own example values and samples.
//
// Start with [Resolve], which makes an [Entry] of a blueprint's version, and
// [Entry.Run], which returns a [Report]. [Catalog] plays a whole catalog.
//
// What is expected comes from the entry as the sandbox plays it (Entry.Played),
// read here once more by code that is neither the engine's nor the sandbox's.
// Entry.Client may be another reading of the same blueprint: the mutation test
// changes a value there and sees whether anything notices.
//
// # Time
//
// Each check has a clock of its own, which engine and sandbox go by and which stands
// until the check, or a wait of the engine, moves it on: tokens expire and budgets fill
// by what is played, never because the machine is slow. Waits are real beside that,
// because the engine's timers are: a check may wait for a second or two, when the
// provider says Retry-After. Checks of all entries wait at the same time, and a few
// work (turn). In tests everything runs under testing/synctest, where waits cost
// nothing; [Options.Patient] then adds the checks that wait for minutes.
package bench

import (
	"context"
	"slices"
	"sync"

	"github.com/nango-lite/nango-lite/schema"
)

// A step is one row of the report.
type step struct {
	name string
	// absent says why the entry does not have this step, or "".
	absent func(*Entry) string
	// checks returns what has to hold, and what was looked at, in words.
	checks func(*Entry, Options) ([]check, string)
}

// steps are the rows in their order.
var steps = []step{
	{"connect", always, connectChecks},
	{"exchange", consentOnly, exchangeChecks},
	{"deny", consentOnly, denyChecks},
	{"verify", withoutVerify, verifyChecks},
	{"call", always, callChecks},
	{"page", withoutPages, pageChecks},
	{"operations", withoutOperations, operationChecks},
	{"expire", withoutTokens, expireChecks},
	{"refresh", withoutTokens, refreshChecks},
	{"revoked", withoutCredentials, revokedChecks},
	{"rate limit", always, limitChecks},
	{"budget", withoutBudget, budgetChecks},
	{"retry", always, retryChecks},
	{"errors", always, errorChecks},
	{"revoke", withoutRevocation, revokeChecks},
}

// Steps returns the names of all steps, in their order.
func Steps() []string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.name
	}
	return names
}

func always(*Entry) string { return "" }

func withoutTokens(e *Entry) string {
	if !e.Played.Auth.AuthMode.Codes() && !e.Played.Auth.Issues() {
		return "the mode has no such step"
	}
	return ""
}

func consentOnly(e *Entry) string {
	if !e.Played.Auth.AuthMode.Consents() {
		return "the mode has no such step"
	}
	return ""
}

func withoutCredentials(e *Entry) string {
	if e.Played.Auth.AuthMode == schema.NoAuth {
		return "the mode has no such step"
	}
	return ""
}

func withoutVerify(e *Entry) string {
	if e.Played.Requests.Verify == nil {
		return "no verify call is declared"
	}
	return ""
}

func withoutPages(e *Entry) string {
	if e.Played.Requests.Pagination == nil {
		return "no pagination is declared"
	}
	return ""
}

func withoutOperations(e *Entry) string {
	if len(e.Played.Operations) == 0 {
		return "no operations are declared"
	}
	return ""
}

func withoutBudget(e *Entry) string {
	if r := e.Played.Requests.RateLimit; r == nil || r.Budget == nil {
		return "no budget is declared"
	}
	return ""
}

func withoutRevocation(e *Entry) string {
	if e.Played.Auth.RevocationURL == "" && e.Played.Auth.AuthMode != schema.MCPOAuth2 {
		return "no revocation_url is declared"
	}
	return ""
}

// Run plays the entry. All checks run at the same time.
func (e *Entry) Run(ctx context.Context, opts Options) Report {
	report := Report{Entry: e.Ref, Mode: string(e.Played.Auth.AuthMode), Steps: []Result{}}
	wanted := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return opts.Step != "" && s.name != opts.Step })
	results := make([]Result, len(wanted))
	var all sync.WaitGroup
	for i, s := range wanted {
		if why := s.absent(e); why != "" {
			results[i] = Result{Step: s.name, Status: Absent, Detail: why}
			continue
		}
		all.Go(func() { results[i] = e.runStep(ctx, s, opts) })
	}
	all.Wait()
	report.Steps = append(report.Steps, results...)
	return report
}

func (e *Entry) runStep(ctx context.Context, s step, opts Options) Result {
	checks, about := s.checks(e, opts)
	if len(checks) == 0 {
		return Result{Step: s.name, Status: Absent, Detail: about}
	}
	errs := make([]error, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() { errs[i] = take(ctx, c) })
	}
	all.Wait()
	if detail := failures(errs); detail != "" {
		return Result{Step: s.name, Status: Failed, Detail: detail}
	}
	return Result{Step: s.name, Status: Passed, Detail: about}
}
