package verify

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxDocument is the size above which no document is read, unpacked. Microsoft Graph's
// takes 20 MB.
const maxDocument = 256 << 20

// A Document is what a provider publishes about its API: OpenAPI 3.x or 2.0, a Google
// discovery document, or the metadata of an authorization server (RFC 8414). It is not
// safe for concurrent use.
type Document struct {
	Name string // as findings call it: the file's name without .json, .yaml, .gz
	kind kind
	root any

	dir   string               // where the documents that it refers to stand
	files map[string]*Document // those that were read, by path without extension; nil: not found

	calls []*call // once they were listed
}

type kind int

const (
	openAPI3 kind = iota
	openAPI2
	discovery
	metadata
	fragment // that others refer to
)

// Open reads a document from a file: JSON or YAML, packed by gzip or not. Documents that
// it refers to are looked for beside it, and nowhere else.
func Open(file string) (*Document, error) {
	return openWhole(file, map[string]*Document{})
}

// openWhole is open for what is no fragment.
func openWhole(file string, files map[string]*Document) (*Document, error) {
	d, err := open(file, files)
	if err != nil {
		return nil, err
	}
	return d, d.whole()
}

func open(file string, files map[string]*Document) (*Document, error) {
	data, err := readDocument(file)
	if err != nil {
		return nil, err
	}
	d, err := parse(stem(filepath.Base(file)), data)
	if err != nil {
		return nil, err
	}
	d.dir, d.files = filepath.Dir(file), files
	files[filepath.Join(d.dir, stem(filepath.Base(file)))] = d
	return d, nil
}

func readDocument(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err == nil && len(data) > maxDocument {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return data, nil
}

// stem is the name of a file without what says how it is written.
func stem(file string) string {
	for _, ext := range []string{".gz", ".json", ".yaml", ".yml"} {
		file = strings.TrimSuffix(file, ext)
	}
	return file
}

// Parse reads a document from memory.
func Parse(name string, data []byte) (*Document, error) {
	d, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	return d, d.whole()
}

// whole is an error if the document is a fragment.
func (d *Document) whole() error {
	if d.kind != fragment {
		return nil
	}
	return fmt.Errorf("%s is neither OpenAPI 3 or 2.0, nor a discovery document, nor the metadata of an authorization server (RFC 8414)", d.Name)
}

func parse(name string, data []byte) (*Document, error) {
	d := &Document{Name: name, files: map[string]*Document{}}
	var err error
	if first := bytes.TrimSpace(data); len(first) > 0 && first[0] == '{' {
		err = json.Unmarshal(data, &d.root)
	} else {
		err = yaml.Unmarshal(data, &d.root)
		d.root = plain(d.root)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	n := d.at("")
	switch {
	case strings.HasPrefix(n.text("openapi"), "3."):
		d.kind = openAPI3
	case n.text("swagger") == "2.0":
		d.kind = openAPI2
	case n.text("kind") == "discovery#restDescription":
		d.kind = discovery
	case n.text("issuer") != "":
		d.kind = metadata
	default:
		d.kind = fragment
	}
	return d, nil
}

// plain is a value as JSON has it: YAML reads whole numbers as int, and as keys.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[name] = plain(value)
		}
		return out
	case map[any]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[fmt.Sprint(name)] = plain(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	}
	return v
}

// beside returns the document that a reference names by its file, or nil.
func (d *Document) beside(ref string) *Document {
	name := stem(filepath.Base(ref)) // a URL, too: it is published where this one is
	if name == "" || name == "." || d.dir == "" {
		return nil
	}
	key := filepath.Join(d.dir, name)
	if other, known := d.files[key]; known {
		return other
	}
	d.files[key] = nil
	for _, ext := range []string{".json.gz", ".json", ".yaml", ".yml"} {
		other, err := open(filepath.Join(d.dir, name+ext), d.files)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			d.files[key] = other
		}
		break
	}
	return d.files[key]
}
