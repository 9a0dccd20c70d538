package server

import (
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/record"
)

// An Auditor is what gathers the audit log.
type Auditor struct{ a *auditor }

func NewAuditor(records record.Store, keep time.Duration) *Auditor {
	return &Auditor{&auditor{records: records, now: time.Now, keep: keep}}
}

func (a *Auditor) Add(action AuditAction, key string, k engine.Key) { a.a.add(action, key, k) }
