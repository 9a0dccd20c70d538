// Package page is what a person reads who wants to use an API of the catalog: how
// to use it, what to bring, what is covered and how that is played, and what to know.
//
// Start with [Of], which makes a [Page] from a blueprint. A Page is data; it is
// written as text for a terminal ([Page.Text]), as Markdown ([Page.Markdown]), as
// JSON by its tags, and as a static site of all pages ([Site]). [Catalog] and
// [Picture] are the whole catalog at a glance.
package page

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// A Page is what is to be known about one version of a blueprint.
type Page struct {
	Name        string          `json:"name"`
	Version     string          `json:"version"`
	DisplayName string          `json:"display_name"`
	Comment     string          `json:"comment,omitempty"`
	Status      string          `json:"status"` // active or deprecated
	Successor   string          `json:"successor,omitempty"`
	Sunset      string          `json:"sunset,omitempty"` // year-month-day
	Maintainer  string          `json:"maintainer"`
	DocsURL     string          `json:"docs_url,omitempty"`
	AppURL      string          `json:"app_url,omitempty"`
	Categories  []string        `json:"categories"`
	Versions    []VersionLine   `json:"versions"` // oldest first
	AuthMode    schema.AuthMode `json:"auth_mode"`
	Use         Use             `json:"use"`
	Bring       []Input         `json:"bring"` // what the operator writes into the file
	Type        []Input         `json:"type"`  // what each user types while connecting
	Known       []Input         `json:"known"` // what a connection knows afterwards
	BaseURL     string          `json:"base_url"`
	Auth        []Fact          `json:"auth"`
	Requests    []Fact          `json:"requests"`
	RateLimit   []string        `json:"rate_limit"` // sentences
	Errors      []Meaning       `json:"errors"`
	Operations  []Operation     `json:"operations"`
	Coverage    []Row           `json:"coverage"`
	ConfirmedBy string          `json:"-"`    // what confirms the values
	Play        string          `json:"play"` // the command that plays the steps which rows name
	Notes       []Note          `json:"notes"`
}

// A VersionLine names one of the versions of a blueprint.
type VersionLine struct {
	Name      string          `json:"name"`
	AuthMode  schema.AuthMode `json:"auth_mode"`
	Status    string          `json:"status"`
	Successor string          `json:"successor,omitempty"`
	Comment   string          `json:"comment,omitempty"`
}

// A Fact is a thing with a name, and where in the blueprint it stands.
type Fact struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Key   string `json:"key,omitempty"`
	Code  bool   `json:"-"` // Value is to be read letter by letter
}

// A Meaning says what an answer means to the caller.
type Meaning struct {
	When string `json:"when"`
	Kind string `json:"kind"`
}

// A Note is a field note.
type Note struct {
	Text    string `json:"text"`
	About   string `json:"about,omitempty"` // a key of the blueprint, or an answer
	DocsURL string `json:"docs_url,omitempty"`
}

// Of returns the page of a version of b, or nil if there is no such version.
func Of(b *schema.Blueprint, version string) *Page {
	v := b.Versions[version]
	if v == nil {
		return nil
	}
	p := &Page{
		Name: b.Name, Version: version, DisplayName: b.DisplayName, Comment: v.Comment, Status: status(v), Successor: v.Successor, Sunset: v.Sunset,
		Maintainer: b.Maintainer, DocsURL: b.DocsURL, AppURL: b.AppURL, Categories: append([]string{}, b.Categories...),
		AuthMode: v.Auth.AuthMode, Use: useOf(b, version), Bring: brought(b, v), Type: typed(v), Known: known(v),
		BaseURL: v.Requests.BaseURL, Auth: authFacts(v), Requests: requestFacts(v), RateLimit: limitInWords(v.Requests.RateLimit),
		Errors: meanings(v.Requests.Errors), Operations: operations(v), Coverage: coverage(v), ConfirmedBy: confirmedBy(b.Name+":"+version, v), Notes: []Note{},
	}
	for _, name := range Versions(b) {
		o := b.Versions[name]
		p.Versions = append(p.Versions, VersionLine{name, o.Auth.AuthMode, status(o), o.Successor, o.Comment})
	}
	for _, n := range v.Notes {
		p.Notes = append(p.Notes, Note{strings.Join(strings.Fields(n.Text), " "), about(n), n.DocsURL})
	}
	p.Play = "nango-lite blueprints test " + p.Ref()
	return p
}

// All returns the pages of all versions of b, oldest first.
func All(b *schema.Blueprint) []*Page {
	var out []*Page
	for _, name := range Versions(b) {
		out = append(out, Of(b, name))
	}
	return out
}

// Versions returns the names of the versions in their order: v10 comes after v9.
func Versions(b *schema.Blueprint) []string {
	return slices.SortedFunc(maps.Keys(b.Versions), loader.CompareVersions)
}

// Ref is name:version.
func (p *Page) Ref() string { return p.Name + ":" + p.Version }

// Deprecated reports whether something else should be used.
func (p *Page) Deprecated() bool { return p.Status == deprecated }

const deprecated = "deprecated"

func status(v *schema.Version) string { return cmp.Or(v.Status, "active") }

// about says what a note is about: a key of the blueprint, or an answer.
func about(n schema.Note) string {
	if n.Key != "" || n.When == nil {
		return n.Key
	}
	return condition(*n.When)
}
