package message

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
)

// IsXML reports whether text is meant to be XML.
func IsXML(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), "<") }

// PutXML puts value in the place of the text of the first element at a dotted path below
// the root, and leaves the rest of the document as it is. It reports whether there is one.
func PutXML(text, path, value string) (string, bool) {
	d := xml.NewDecoder(strings.NewReader(text))
	want := strings.Split(path, ".")
	var at []string // the root included
	begin := int64(-1)
	for {
		t, err := d.Token()
		if err != nil {
			return text, false
		}
		switch t := t.(type) {
		case xml.StartElement:
			if at = append(at, t.Name.Local); slices.Equal(at[1:], want) {
				begin = d.InputOffset()
			}
		case xml.EndElement:
			if slices.Equal(at[1:], want) && begin >= 0 {
				var b bytes.Buffer
				b.WriteString(text[:begin])
				_ = xml.EscapeText(&b, []byte(value))
				rest := text[begin:]
				b.WriteString(rest[strings.Index(rest, "</"):])
				return b.String(), true
			}
			at = at[:len(at)-1]
		}
	}
}
