package schema

import (
	"strconv"
	"strings"
)

// An Origin says where a value in force came from. The zero Origin is a
// built-in default.
type Origin struct {
	File      string `json:"file,omitempty"`      // file as named by the user, or blueprints/<name>.yaml
	Line      int    `json:"line,omitempty"`      // 1-based
	Column    int    `json:"column,omitempty"`    // 1-based, in runes
	Blueprint string `json:"blueprint,omitempty"` // name:version, if a blueprint said it
	Reference string `json:"reference,omitempty"` // what supplied the text, such as "env:NOTION_CLIENT_SECRET"; never its value
}

// IsDefault reports whether nobody stated the value.
func (o Origin) IsDefault() bool { return o.File == "" && o.Blueprint == "" }

// String gives the origin in a form that terminals and editors turn into a link:
// "integrations.yaml:7", "notion:v0 (blueprints/notion.yaml:31)", "default".
func (o Origin) String() string {
	if o.IsDefault() {
		return "default"
	}
	place := o.File
	if o.Line > 0 {
		place += ":" + strconv.Itoa(o.Line)
	}
	var b strings.Builder
	if o.Reference != "" {
		b.WriteString(o.Reference + " (" + place + ")")
	} else if o.Blueprint != "" {
		b.WriteString(o.Blueprint + " (" + place + ")")
	} else {
		b.WriteString(place)
	}
	return b.String()
}

// Words is String, and says which reference gave nothing where a default was taken instead.
func (o Origin) Words() string {
	if o.IsDefault() && o.Reference != "" {
		return "default with " + o.Reference
	}
	return o.String()
}

// A Value is one value in force and where it came from, as `explain` prints it.
type Value struct {
	Path   string `json:"path"`             // dotted, such as auth.token_url
	Text   string `json:"value"`            // as YAML flow scalar or list; [REDACTED] if Hidden
	Hidden bool   `json:"hidden,omitempty"` // a secret, or text from a reference under a key that is not public
	Origin Origin `json:"origin"`

	// Supplied are the texts that references have put into an address: Text has a mark in
	// their place, and logs have. The host of one that names a whole host is not among
	// them.
	Supplied []Secret `json:"-"`
}

// Shown returns Text, unless it is hidden, whatever stands in it.
func (v Value) Shown() string {
	if v.Hidden {
		return Redacted
	}
	return v.Text
}
