package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/nango-lite/nango-lite/schema"
)

// isKey reports whether a field is a private key, which in PEM is several lines.
func isKey(f schema.Field) bool { return f.Format == "private_key" }

// readKey reads a private key from the terminal, or a line that names its file. The
// echo stays off between the lines of a key, and none of them is left for the shell.
func readKey(in *os.File) (string, error) {
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(in.Fd()), state) }()
	lines := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, io.Discard}, "")
	var text strings.Builder
	for {
		line, err := lines.ReadPassword("")
		switch {
		case err == io.EOF: // Ctrl-C, which is no signal now
			return "", context.Canceled
		case err != nil && !errors.Is(err, term.ErrPasteIndicator):
			return "", err
		}
		text.WriteString(line)
		if all := text.String(); !strings.Contains(all, "-----BEGIN") || strings.Contains(all, "-----END") {
			return all, nil
		}
		text.WriteString("\n")
	}
}

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
