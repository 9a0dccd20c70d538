package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/schema"
)

func (a *app) showBlueprintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show <name[:version]>",
		Short: "Show how to use a blueprint, what it covers, and what to know about the API",
		Long: `Show prints what someone reads who wants to use an API: the block to paste, what
to bring, what the blueprint covers, and field notes. Without a version it is the
newest.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeBlueprints,
		RunE: func(_ *cobra.Command, args []string) error {
			e, err := a.lookup(args[0])
			if err != nil {
				return err
			}
			if a.json() {
				return a.writeJSON(e.page())
			}
			_, err = a.io.Out.Write([]byte(e.page().text()))
			return err
		},
	}
}

// A page is what is to be known about one version of a blueprint.
type page struct {
	Name        string         `json:"name"`
	Version     string         `json:"version"`
	DisplayName string         `json:"display_name"`
	Comment     string         `json:"comment,omitempty"`
	Status      string         `json:"status,omitempty"`
	Successor   string         `json:"successor,omitempty"`
	Maintainer  string         `json:"maintainer"`
	DocsURL     string         `json:"docs_url,omitempty"`
	Categories  []string       `json:"categories"`
	Versions    []string       `json:"versions"`
	Use         string         `json:"use"` // YAML for the integrations file
	Bring       []broughtValue `json:"bring"`
	Coverage    []covered      `json:"coverage"`
	BaseURL     string         `json:"base_url"`
	Notes       []shownNote    `json:"notes"`
}

// A broughtValue is something that the blueprint cannot know.
type broughtValue struct {
	By          string   `json:"by"` // operator, in the file; or user, while connecting
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Format      string   `json:"format,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Example     string   `json:"example,omitempty"`
	Optional    bool     `json:"optional,omitempty"`
	Secret      bool     `json:"secret,omitempty"`
}

// A covered part of an API is one that calls need not care about.
type covered struct {
	Part string `json:"part"`
	How  string `json:"how,omitempty"` // empty: not covered
}

type shownNote struct {
	Text    string `json:"text"`
	DocsURL string `json:"docs_url,omitempty"`
	Key     string `json:"key,omitempty"`
}

func (e entry) page() page {
	b, v := e.blueprint, e.version
	lines, _ := e.block()
	p := page{
		Name: b.Name, Version: e.name, DisplayName: b.DisplayName, Comment: v.Comment, Status: v.Status, Successor: v.Successor,
		Maintainer: b.Maintainer, DocsURL: b.DocsURL, Categories: append([]string{}, b.Categories...), Versions: versionNames(b),
		Use:   "integrations:\n    " + strings.ReplaceAll(strings.Join(lines, "\n    "), "\n    \n", "\n\n") + "\n",
		Bring: e.bring(), Coverage: e.coverage(), BaseURL: v.Requests.BaseURL, Notes: []shownNote{},
	}
	for _, n := range v.Notes {
		p.Notes = append(p.Notes, shownNote{strings.TrimSpace(n.Text), n.DocsURL, noteKey(n)})
	}
	return p
}

// noteKey says what a note is about: a key of the blueprint, or an answer.
func noteKey(n schema.Note) string {
	if n.Key != "" || n.When == nil {
		return n.Key
	}
	return describeCondition(*n.When)
}

// text is the page for a terminal.
func (p page) text() string {
	var b strings.Builder
	title := fmt.Sprintf("%s (%s:%s)", p.DisplayName, p.Name, p.Version)
	if p.Status != "" && p.Status != "stable" {
		title += ", " + p.Status
		if p.Successor != "" {
			title += ": use " + p.Successor
		}
	}
	b.WriteString(title + "\n")
	paragraph(&b, "", p.Comment)
	if p.DocsURL != "" {
		b.WriteString(p.DocsURL + "\n")
	}
	section(&b, "How to use it")
	for line := range strings.Lines(p.Use) {
		b.WriteString(indent(line))
	}
	fmt.Fprintf(&b, "\n  nango-lite connect %s\n", p.Name)
	if p.BaseURL != "" {
		section(&b, "Base URL")
		b.WriteString("  " + p.BaseURL + "\n")
	}
	p.writeBring(&b)
	section(&b, "Coverage")
	var rows [][]string
	for _, c := range p.Coverage {
		how := c.How
		if how == "" {
			how = "-"
		}
		rows = append(rows, []string{"  " + c.Part, how})
	}
	_ = writeColumns(&b, rows) // a strings.Builder takes all
	p.writeNotes(&b)
	if len(p.Versions) > 1 {
		section(&b, "Versions")
		b.WriteString("  " + strings.Join(p.Versions, " ") + "\n")
	}
	return b.String()
}

func indent(line string) string {
	if strings.TrimSpace(line) == "" {
		return line
	}
	return "  " + line
}

func (p page) writeBring(b *strings.Builder) {
	if len(p.Bring) == 0 {
		return
	}
	section(b, "What you must bring")
	for _, v := range p.Bring {
		line := "  " + v.Name
		var about []string
		if v.By == byUser {
			about = append(about, "asked of the user")
		}
		if v.Format != "" {
			about = append(about, v.Format)
		}
		if len(v.Enum) > 0 {
			about = append(about, strings.Join(v.Enum, " or "))
		}
		if v.Example != "" {
			about = append(about, "such as "+v.Example)
		}
		if v.Optional {
			about = append(about, "optional")
		}
		if len(about) > 0 {
			line += " (" + strings.Join(about, ", ") + ")"
		}
		b.WriteString(line + "\n")
		paragraph(b, "      ", v.Description)
	}
}

func (p page) writeNotes(b *strings.Builder) {
	if len(p.Notes) == 0 {
		return
	}
	section(b, "Field notes")
	for i, n := range p.Notes {
		if i > 0 {
			b.WriteString("\n")
		}
		text := n.Text
		if n.Key != "" {
			text = n.Key + ": " + text
		}
		paragraph(b, "  ", text)
		if n.DocsURL != "" {
			b.WriteString("  " + n.DocsURL + "\n")
		}
	}
}

func section(b *strings.Builder, title string) { b.WriteString("\n" + title + "\n\n") }

func paragraph(b *strings.Builder, margin, text string) {
	for _, line := range wrap(text, 80-len(margin)) {
		b.WriteString(margin + oneLine(line) + "\n")
	}
}
