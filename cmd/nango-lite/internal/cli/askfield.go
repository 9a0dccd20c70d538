package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// tries is how often a person is asked for the same value.
const tries = 3

// askUntilRight asks for a value, and again with the reason if it cannot be the
// one. The last answer is left to the engine to refuse.
func (con connector) askUntilRight(ctx context.Context, f engine.InputField) (string, error) {
	for try := 1; ; try++ {
		text, err := con.ask(ctx, f.Field)
		if err != nil {
			return text, err
		}
		var reason error
		if isKey(f.Field) {
			text, reason = keyText(text)
		}
		if reason == nil && try < tries {
			reason = f.Check(text)
		}
		switch {
		case reason == nil:
			return text, nil
		case try == tries:
			return "", fmt.Errorf("%s %w", console.OneLine(f.Title), reason)
		}
		con.Notef("%s %v", console.OneLine(f.Title), reason)
	}
}

// ask asks for one field, under its title.
func (con connector) ask(ctx context.Context, f schema.Field) (string, error) {
	if f.Description != "" {
		con.Notef("%s", console.OneLine(f.Description))
	}
	return con.AskLine(ctx, question(f), readingOf(f))
}

func readingOf(f schema.Field) console.Reading {
	switch {
	case isKey(f):
		return console.KeyLines
	case f.Secret:
		return console.SecretLine
	}
	return console.OpenLine
}

func question(f schema.Field) string {
	var about []string
	if isKey(f) {
		about = append(about, "PEM, or the path of its file")
	} else if len(f.Enum) > 0 && !f.Secret {
		about = append(about, strings.Join(f.Enum, " or "))
	} else if f.Format != "" {
		about = append(about, f.Format)
	}
	if f.Example != "" && !f.Secret {
		about = append(about, "such as "+f.Example)
	}
	if f.Default != "" && f.Secret {
		about = append(about, "empty for the usual one")
	} else if f.Default != "" {
		about = append(about, "empty for "+f.Default)
	} else if f.Optional {
		about = append(about, "may be empty")
	}
	q := f.Title
	if len(about) > 0 {
		q += " (" + strings.Join(about, ", ") + ")"
	}
	return console.OneLine(q) + ": "
}

// isKey reports whether a field is a private key, which in PEM is several lines.
func isKey(f schema.Field) bool { return f.Format == "private_key" }

// largestKey is more than keys and their certificates take.
const largestKey = 64 << 10

// keyText returns the key that a person gave: itself, or the path of its file.
func keyText(text string) (string, error) {
	path := strings.TrimSpace(text)
	if path == "" || strings.Contains(path, "-----BEGIN") {
		return text, nil
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			path = home + "/" + rest
		}
	}
	f, err := os.Open(path)
	if err != nil {
		var reason *fs.PathError // whose path may be a key that lacks its first line
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return "", fmt.Errorf("is neither a key in PEM nor the path of a file: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, largestKey))
	if err != nil {
		return "", errors.New("is in a file that cannot be read")
	}
	return string(b), nil
}
