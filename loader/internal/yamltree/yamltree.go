// Package yamltree reads YAML into a [tree.Node]. It is the only package that
// knows the YAML library, whose panics, wrong line numbers and generosity end
// here. Start with [Parse].
package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
	"gopkg.in/yaml.v3"
)

// What a file may hold at most.
const (
	MaxBytes = 1 << 20
	MaxNodes = 20_000 // after aliases are followed
	MaxDepth = 64
)

// A Problem is a finding about the YAML itself. Line 0 means the whole file.
type Problem struct {
	Line, Column        int
	Code, Message, Hint string
	Path                []string // names of the maps' entries down to it
}

// Parse reads the only document of data. The node is nil if a problem leaves
// nothing to go on with. A syntax error stands alone, since whatever else might
// be said would follow from it.
func Parse(file string, data []byte) (root *tree.Node, problems []Problem) {
	defer func() {
		if r := recover(); r != nil {
			root = nil
			problems = []Problem{{Code: "syntax", Message: "this cannot be read as YAML"}}
		}
	}()
	if len(data) > MaxBytes {
		return nil, []Problem{{Code: "too-large", Message: fmt.Sprintf("the file is larger than %d KiB", MaxBytes>>10)}}
	}
	if p, bad := characters(data); bad {
		return nil, []Problem{p}
	}
	data = oldDirective(data)
	doc, err := decode(data)
	var changed rewrites
	if err != nil && strings.Contains(err.Error(), "escape") {
		if plain, done := plainEscapes(data); len(done) > 0 {
			again, errAgain := decode(plain)
			switch {
			case errAgain != nil && !errors.Is(errAgain, errSecondDocument):
				p := locate(plain, errAgain)
				p.Column = done.column(p.Line, p.Column)
				return nil, []Problem{p}
			case errAgain != nil:
				err = errAgain
			case done.inQuotes(again, plain):
				doc, err, changed = again, nil, done
			}
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil, []Problem{{Line: 1, Column: 1, Code: "empty-file", Message: "the file is empty"}}
	case errors.Is(err, errSecondDocument):
		return nil, []Problem{secondDocument(data)}
	case err != nil:
		return nil, []Problem{locate(data, err)}
	}
	w := walker{file: file, changed: changed}
	root = w.node(doc.Content[0], 0)
	return root, w.problems
}

var errSecondDocument = errors.New("second document")

// decode parses data and refuses a second document, which yaml.Unmarshal would
// ignore.
func decode(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if err := d.Decode(&second); err == nil {
		return nil, errSecondDocument
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return &doc, nil
}

// oldDirective returns data with a directive %YAML 1.2 as 1.1, which is the only one
// that the library takes. What it reads is the same with either.
func oldDirective(data []byte) []byte {
	start := bytes.TrimPrefix(data, []byte("\ufeff"))
	for line := range bytes.Lines(start) {
		text := string(bytes.TrimRight(line, " \t\r\n"))
		switch {
		case text == "" || text[0] == '#':
		case text == "%YAML 1.2" || strings.HasPrefix(text, "%YAML 1.2 ") || strings.HasPrefix(text, "%YAML 1.2\t"):
			return bytes.Replace(data, []byte("%YAML 1.2"), []byte("%YAML 1.1"), 1)
		default:
			return data
		}
	}
	return data
}

func origin(file string, line, column int) schema.Origin {
	return schema.Origin{File: file, Line: line, Column: column}
}
