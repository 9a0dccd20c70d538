package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// A Directory holds documents by name. Each is read once, and as it is published.
type Directory string

// Documents reads those of an entry's version, corrected, and says what is wrong with the
// corrections. There are none if the corrections name none and no document has the
// entry's name; one that the corrections name has to be there.
func (d Directory) Documents(k *Corrections, name, version string) ([]*Document, error) {
	var docs []*Document
	files := map[string]*Document{}
	for _, n := range k.DocumentsOf(name, version) {
		doc, err := d.open(n, files)
		switch {
		case errors.Is(err, fs.ErrNotExist) && n == name && k.Documents == nil:
			return nil, nil
		case err != nil:
			return nil, err
		}
		doc.Name = n
		docs = append(docs, doc)
	}
	return docs, nil
}

func (d Directory) open(name string, files map[string]*Document) (*Document, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%s is no name of a document", name)
	}
	var err error
	for _, ext := range []string{".json.gz", ".json", ".yaml", ".yml"} {
		var doc *Document
		if doc, err = openWhole(filepath.Join(string(d), filepath.FromSlash(name)+ext), files); !errors.Is(err, fs.ErrNotExist) {
			return doc, err
		}
	}
	return nil, fmt.Errorf("document %s: %w", name, fs.ErrNotExist)
}
