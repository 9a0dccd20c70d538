// Package holder names this process in the leases of connections, so that another one on
// the same machine can tell when it is gone: nobody has to wait out the lease of a process
// that was killed. See [New] and [Gone].
package holder

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
)

// New returns a name that no other has: the host for a person to read, the process, a sum
// over what tells machines and their parts from each other, and chance. On systems where
// we cannot tell whether a process lives, it is just as good a name, of which [Gone] says
// nothing.
func New() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	host = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '-'
		}
		return r
	}, host)
	pid := os.Getpid()
	return strings.Join([]string{host[:min(len(host), 255)], strconv.Itoa(pid), or(machine(), "?"), or(started(pid), "?"), rand.Text()}, " ")
}

// Gone reports whether the process that a lease's holder names, which may have more behind
// it, ran on this machine and does so no more. It is false where there is any doubt: of a
// process elsewhere, in another container, or whose name says something else.
func Gone(name string) bool {
	parts := strings.Split(name, " ")
	if len(parts) < 5 {
		return false
	}
	here := machine()
	pid, err := strconv.Atoi(parts[1])
	if err != nil || pid <= 0 || here == "" || parts[2] != here {
		return false
	}
	if !lives(pid) {
		return true
	}
	now := started(pid)
	return now != "" && parts[3] != "?" && now != parts[3] // another has got its number
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// sum shortens what tells machines apart, and gives nothing of it away.
func sum(parts ...string) string {
	s := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(s[:8])
}
