package play

import (
	"slices"
)

var dialectNames = []string{
	"seconds", "date", "rfc850", "asctime", "milliseconds", "iso_date", "epoch_seconds", "epoch_milliseconds", "ratelimit",
	"none", "past", "negative", "huge", "invalid",
}

// Dialects returns the ways in which a 429 may say how long to wait.
func Dialects() []string { return slices.Clone(dialectNames) }

func isDialect(s string) bool { return slices.Contains(dialectNames, s) }
