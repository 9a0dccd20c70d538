// Package benchtest compares things that take turns, so that whatever else the
// machine does meets all of them alike. See [Turns].
package benchtest

import (
	"slices"
	"testing"
	"time"
)

// A Side is one of the things that are compared.
type Side struct {
	Name string
	Do   func()
}

// Turns lets the sides take turns, each doing its work batch times, and reports the
// median of each, and how many times as long the last takes as each of the others.
// What is too short for the clock, some fifty nanoseconds, wants a large batch.
func Turns(b *testing.B, batch int, sides ...Side) {
	took := make([][]time.Duration, len(sides))
	for _, s := range sides {
		s.Do() // whatever the first time costs
	}
	for n := 0; b.Loop(); n++ {
		for i := range sides {
			i = (i + n) % len(sides) // nobody is always behind the same one
			start := time.Now()
			for range batch {
				sides[i].Do()
			}
			took[i] = append(took[i], time.Since(start))
		}
	}
	medians := make([]float64, len(sides))
	for i := range took {
		slices.Sort(took[i])
		medians[i] = float64(took[i][len(took[i])/2]) / float64(batch)
		b.ReportMetric(medians[i], "ns/"+sides[i].Name)
	}
	last := len(sides) - 1
	for i, s := range sides[:last] {
		b.ReportMetric(medians[last]/medians[i], "of-"+s.Name)
	}
	b.ReportMetric(0, "ns/op") // of all sides together: no figure
}
