package loader

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
	"github.com/nango-lite/nango-lite/schema"
)

// Options adjust a load. The zero Options are ready for use.
type Options struct {
	// Catalog holds the blueprints. If nil, the bundled ones are used.
	Catalog *Catalog

	// Blueprints are laid over the catalog, the last on top. See [Dir].
	Blueprints []fs.FS

	// LookupEnv reads a variable. If nil, os.LookupEnv is used.
	LookupEnv func(name string) (value string, ok bool)

	// EnvFile is read for variables that LookupEnv does not have. If empty, .env
	// beside the integrations file is read if it exists. [LoadBytes] reads no
	// such file unless it is named.
	EnvFile string

	// ReadFile reads the file of a ${file:…} reference. If nil, files of up to
	// 64 KiB are read from disk. A newline at the end is cut.
	ReadFile func(path string) ([]byte, error)

	// Unlocked takes blueprints as they are, whatever the lock beside the integrations
	// file says; see [Lock].
	Unlocked bool

	// Now returns the time, by which client certificates have ended or not. If nil,
	// time.Now is used.
	Now func() time.Time

	// Invent makes up what is missing, for sandboxes. It is asked for variables
	// that are unset or empty and for placeholders that were left; if it returns
	// true, its text is used and nothing is reported. If nil, nothing is made up.
	Invent func(Invention) (text string, ok bool)
}

// Load reads the integrations file called name. Everything that was found is
// reported; integrations that are broken are left out of the Config, which is
// never nil.
func Load(ctx context.Context, name string, opts *Options) (*schema.Config, Diagnostics) {
	return LoadFiles(ctx, []string{name}, opts)
}

// LoadFiles is Load for several files, which may share no name of an
// integration.
func LoadFiles(ctx context.Context, names []string, opts *Options) (*schema.Config, Diagnostics) {
	l := newRun(ctx, opts)
	for _, name := range names {
		data, err := readFile(name, yamltree.MaxBytes)
		if err != nil {
			l.report(Diagnostic{Place: Place{File: name}, Severity: Error, Code: "io", Message: "the file cannot be read: " + reason(err)})
			continue
		}
		l.lockOf(name)
		l.file(name, data, l.environment(filepath.Dir(name)))
	}
	return l.finish()
}

// LoadBytes is Load for a file that is already in memory, such as an editor's.
// The name serves diagnostics only.
func LoadBytes(ctx context.Context, name string, data []byte, opts *Options) (*schema.Config, Diagnostics) {
	l := newRun(ctx, opts)
	l.file(name, data, l.environment(""))
	return l.finish()
}

// readFile reads at most a byte above limit.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAtMost(f, limit)
}

// environment returns the lookup for a file in dir; an empty dir has no .env.
func (l *run) environment(dir string) func(string) (string, bool) {
	l.beside = besideFile{}
	if dir != "" {
		l.beside.example = exampleOf(filepath.Join(dir, ".env.example"))
	}
	name := l.opts.EnvFile
	if name == "" {
		if dir == "" {
			return l.opts.LookupEnv
		}
		name = filepath.Join(dir, ".env")
	}
	data, err := readFile(name, yamltree.MaxBytes)
	if errors.Is(err, fs.ErrNotExist) && l.opts.EnvFile == "" {
		return l.opts.LookupEnv
	}
	if err == nil && len(data) > yamltree.MaxBytes {
		err = errors.New("it is too large")
	}
	if err != nil {
		l.report(Diagnostic{Place: Place{File: name}, Severity: Error, Code: "io", Message: "the file of variables cannot be read: " + reason(err)})
		return l.opts.LookupEnv
	}
	vars, problems := parseEnv(name, data)
	l.found = append(l.found, problems...)
	l.beside.file, l.beside.vars = filepath.Base(name), vars
	return func(name string) (string, bool) {
		if value, ok := l.opts.LookupEnv(name); ok {
			return value, true
		}
		value, ok := vars[name]
		return value, ok
	}
}
