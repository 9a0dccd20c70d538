package xmldoc

import (
	"reflect"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	got, err := Decode([]byte(`<?xml version="1.0"?>
<a:ErrorResponse xmlns:a="urn:x"><!-- note -->
  <Error id="1"><Code> Throttling </Code><Message>a &amp; <![CDATA[<b>]]></Message><Empty/></Error>
  <Item>1</Item><Item><N>2</N></Item><Item>3</Item>
</a:ErrorResponse>
`))
	want := map[string]any{
		"Error": map[string]any{"Code": "Throttling", "Message": "a & <b>", "Empty": ""},
		"Item":  []any{"1", map[string]any{"N": "2"}, "3"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err := Decode([]byte("<Code>x</Code>")); err != nil || got["Code"] != "x" {
		t.Errorf("a root without children: %v, %v", got, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{
		"", "x", "<a>", "<a></b>", "<a/><b/>", "<a>&bomb;</a>", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`,
		"<!DOCTYPE html><html></html>", strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40),
	} {
		if got, err := Decode([]byte(text)); err == nil {
			t.Errorf("%.40q: got %v", text, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"<a><b>c</b></a>", "<a><b/><b/></a>", "<a>&lt;</a>", "<?xml version='1.0'?><a:b xmlns:a='c'/>", "<a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if doc, err := Decode(data); (doc == nil) != (err != nil) {
			t.Errorf("doc %v with %v", doc, err)
		}
	})
}
