package console

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

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
