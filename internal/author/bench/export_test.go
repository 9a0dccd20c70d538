package bench

import "time"

// Late makes each request of the entry's checks late by d, and each answer, as a busy
// machine would.
func (e *Entry) Late(d time.Duration) { e.late = d }
