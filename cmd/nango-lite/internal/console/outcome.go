package console

import (
	"errors"
	"fmt"
)

// ErrReported ends a run whose findings have been printed.
var ErrReported = errors.New("reported")

// A UsageError says that the command line makes no sense. Cobra's own errors mean
// that as well, whatever their type.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }
func (e UsageError) Unwrap() error { return e.Err }

// Usagef returns a [UsageError].
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }
