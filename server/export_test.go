package server

import (
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/store/record"
)

// An Auditor is what gathers the audit log.
type Auditor struct{ log audit.Log }

func NewAuditor(records record.Store, keep time.Duration) *Auditor {
	return &Auditor{audit.Log{Records: records, Now: time.Now, Keep: keep}}
}

func (a *Auditor) Add(action AuditAction, key string, k engine.Key) { a.log.Add(action, key, k) }
