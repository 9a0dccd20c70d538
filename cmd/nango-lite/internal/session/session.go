// Package session is what one run of the command line has: its flags, and what is
// made from them. Start with [Session].
//
// config.go loads integrations, use.go makes an engine for one of them and picks a
// connection, invent.go makes up what the sandbox needs, trace.go puts into words
// what the engine does, report.go what went wrong.
package session

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
)

// A Session is one run: its flags, and what was opened on the way.
type Session struct {
	*console.Console
	Deps Deps

	Files         []string // -c
	BlueprintDirs []string // --blueprints
	StoreAt       string   // --store
	KeyFile       string   // --keys
	EnvFile       string   // --env-file
	Sandbox       string   // --sandbox; empty: the real providers
	Trace         bool
	Verbose       bool

	start   time.Time
	closers []io.Closer
}

// New returns a Session whose flags are still to be set. Close ends it.
func New(streams console.IO, deps Deps) *Session {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	s := &Session{Console: console.New(streams, deps.Ask), Deps: deps, start: deps.Now()}
	s.Console.LookUp = s.Deps.LookUp
	return s
}

// Storage is where the connections of this run live.
func (s *Session) Storage() *storage.Storage {
	return &storage.Storage{
		Console: s.Console, At: s.StoreAt, KeyFile: s.KeyFile, Sandbox: s.Sandbox != "",
		LookupEnv: s.Deps.LookUp, CommandLine: s.CommandLine, OnClose: s.OnClose,
	}
}

// OnClose has c closed at the end of the run, the last first.
func (s *Session) OnClose(c io.Closer) { s.closers = append(s.closers, c) }

// Close closes what was opened.
func (s *Session) Close() {
	for _, c := range slices.Backward(s.closers) {
		if err := c.Close(); err != nil {
			fmt.Fprintf(s.Err, "warning: %s\n", console.OneLine(err.Error()))
		}
	}
}

// DefaultFile is read where -c names none.
const DefaultFile = "integrations.yaml"

// InProcess is what --sandbox without a URL means.
const InProcess = "in-process"

// Deps are what a run takes from its surroundings. The zero Deps are the
// process's own.
type Deps struct {
	// Now returns the time. If nil, time.Now is used.
	Now func() time.Time

	// LookupEnv reads a variable. If nil, os.LookupEnv is used.
	LookupEnv func(name string) (string, bool)

	// Transport carries requests, unless a sandbox in the process answers them.
	// If nil, the engine's default is used.
	Transport http.RoundTripper

	// Browse opens a browser. If nil, the desktop's is used.
	Browse func(ctx context.Context, url string) error

	// Ask asks a person for a line. If nil, the terminal is used; if In is none,
	// nobody is asked.
	Ask func(question string, secret bool) (string, error)
}

// LookUp reads a variable through Deps.
func (d *Deps) LookUp(name string) (string, bool) {
	if d.LookupEnv != nil {
		return d.LookupEnv(name)
	}
	return os.LookupEnv(name)
}
