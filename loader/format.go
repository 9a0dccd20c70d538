package loader

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteText writes a line for each finding:
//
//	integrations.yaml:7:9: error: unknown key "oauth_scope"; did you mean "oauth_scopes"? [unknown-key]
func (ds Diagnostics) WriteText(w io.Writer) error {
	for _, d := range ds {
		if _, err := fmt.Fprintln(w, d); err != nil {
			return err
		}
	}
	return nil
}

// WriteJSON writes an array of objects with the keys file, line, column,
// severity, code, message and hint.
func (ds Diagnostics) WriteJSON(w io.Writer) error {
	type object struct {
		File     string   `json:"file"`
		Line     int      `json:"line"`
		Column   int      `json:"column"`
		Severity Severity `json:"severity"`
		Code     string   `json:"code"`
		Message  string   `json:"message"`
		Hint     string   `json:"hint"`
	}
	out := make([]object, len(ds))
	for i, d := range ds {
		out[i] = object{d.File, d.Line, d.Column, d.Severity, d.Code, d.text(), d.Hint}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// In a workflow command, the data and the properties escape differently.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// WriteGitHub writes workflow commands, which GitHub Actions shows beside the
// lines of a pull request.
func (ds Diagnostics) WriteGitHub(w io.Writer) error {
	for _, d := range ds {
		properties := ""
		if d.File != "" {
			properties += "file=" + githubProperty.Replace(d.File) + ","
		}
		if d.Line > 0 {
			properties += fmt.Sprintf("line=%d,col=%d,", d.Line, max(d.Column, 1))
		}
		text := d.text()
		if d.Hint != "" {
			text += "; " + d.Hint
		}
		_, err := fmt.Fprintf(w, "::%s %stitle=%s::%s\n", d.Severity, properties, githubProperty.Replace(d.Code), githubData.Replace(text))
		if err != nil {
			return err
		}
	}
	return nil
}
