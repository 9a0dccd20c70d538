package message

import (
	"fmt"
	"net/http"
	"strings"
)

// Codes of refusals by the API.
const (
	CodeUnauthorized = "unauthorized"
	CodeExpired      = "token_expired"
	CodeRevoked      = "token_revoked"
)

// A Refusal is why the sandbox says no. The reason is for people and holds no
// credential.
type Refusal struct {
	Status int
	Code   string
	Reason string
}

func Refused(status int, code, format string, args ...any) *Refusal {
	return &Refusal{status, code, fmt.Sprintf(format, args...)}
}

// Mark puts the reason into the answer's header.
func (ref *Refusal) Mark(a Answer) Answer {
	a.Set(RefusalHeader, OneLine(ref.Code+": "+ref.Reason))
	return a
}

// OneLine keeps what may stand in a header field.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

func InvalidClient(format string, args ...any) *Refusal {
	return Refused(http.StatusUnauthorized, "invalid_client", format, args...)
}
