// Package xmldoc makes of a small XML document what decoding makes of JSON, so that
// the same dotted paths read it. Start with [Decode].
package xmldoc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxDepth is how deep elements may lie.
const maxDepth = 32

// ErrNotXML means that a document cannot be read, or is too deep.
var ErrNotXML = errors.New("the document is no XML that can be read")

// Decode returns what stands below the root element: an element without children is
// its text, several of one name are a list, an empty one is "". Attributes and
// namespaces are left out. No entity is expanded beyond those that XML has.
func Decode(data []byte) (map[string]any, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		t, err := d.Token()
		if err != nil {
			return nil, ErrNotXML
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, ErrNotXML // a document type brings nothing good
		case xml.StartElement:
			v, err := element(d, 1)
			if err != nil {
				return nil, err
			}
			if !ends(d) {
				return nil, ErrNotXML
			}
			doc, ok := v.(map[string]any)
			if !ok {
				doc = map[string]any{t.Name.Local: v}
			}
			return doc, nil
		}
	}
}

// ends reports whether what is left holds no element.
func ends(d *xml.Decoder) bool {
	for {
		t, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		if _, is := t.(xml.StartElement); is {
			return false
		}
	}
}

func element(d *xml.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, ErrNotXML
	}
	var children map[string]any
	var text strings.Builder
	for {
		t, err := d.Token()
		if err != nil {
			return nil, ErrNotXML
		}
		switch t := t.(type) {
		case xml.StartElement:
			v, err := element(d, depth+1)
			if err != nil {
				return nil, err
			}
			if children == nil {
				children = map[string]any{}
			}
			add(children, t.Name.Local, v)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if children == nil {
				return strings.TrimSpace(text.String()), nil
			}
			return children, nil
		}
	}
}

func add(children map[string]any, name string, v any) {
	was, there := children[name]
	switch list, is := was.([]any); {
	case !there:
		children[name] = v
	case is:
		children[name] = append(list, v)
	default:
		children[name] = []any{was, v}
	}
}
