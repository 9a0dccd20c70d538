package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/credentials"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// A Provider is an API that integrations can be made for: what a catalog says of it.
type Provider struct {
	Name        string // of the blueprint
	DisplayName string
	DocsURL     string
	Categories  []string
	Version     *schema.Version // the newest
}

// A Catalog knows the APIs that integrations can be made for. It is safe for concurrent
// use.
type Catalog interface {
	// Names are those of all providers, sorted.
	Names() []string

	// Provider returns one of them, or false.
	Provider(name string) (*Provider, bool)
}

// A shownProvider is a provider as Nango's clients read it.
type shownProvider struct {
	Name        string                `json:"name"`
	DisplayName string                `json:"display_name"`
	LogoURL     string                `json:"logo_url"` // always empty: there are no pictures here
	Docs        string                `json:"docs,omitempty"`
	Categories  []string              `json:"categories"`
	AuthMode    string                `json:"auth_mode"`
	AuthURL     string                `json:"authorization_url,omitempty"`
	TokenURL    string                `json:"token_url,omitempty"`
	Scopes      []string              `json:"default_scopes,omitempty"`
	Separator   string                `json:"scope_separator,omitempty"`
	Proxy       shownProxy            `json:"proxy"`
	Config      map[string]shownField `json:"connection_config,omitempty"`
	Credentials map[string]shownField `json:"credentials,omitempty"`
}

type shownProxy struct {
	BaseURL string `json:"base_url"`
}

// A shownField is what a user types.
type shownField struct {
	Type        string   `json:"type"` // always string
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Format      string   `json:"format,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Example     string   `json:"example,omitempty"`
	Optional    bool     `json:"optional,omitempty"`
	Secret      bool     `json:"secret,omitempty"`
	Default     string   `json:"default_value,omitempty"`
	Automated   bool     `json:"automated,omitempty"` // nobody types it
	Order       int      `json:"order"`
}

func shownFieldOf(name string, f schema.Field, order int) shownField {
	s := shownField{
		Type: "string", Title: f.Title, Description: f.Description, Format: f.Format, Pattern: f.Pattern, Enum: f.Enum,
		Example: f.Example, Optional: f.Optional, Secret: f.Secret, Default: f.Default, Order: order,
	}
	if s.Title == "" {
		s.Title = name
	}
	if s.Secret {
		s.Default = ""
	}
	return s
}

func shownProviderOf(p *Provider) *shownProvider {
	v := p.Version
	s := &shownProvider{
		Name: p.Name, DisplayName: p.DisplayName, Docs: p.DocsURL, Categories: append([]string{}, p.Categories...),
		AuthMode: credentials.Type(v.Auth.AuthMode), AuthURL: v.Auth.AuthorizationURL, TokenURL: v.Auth.TokenURL,
		Proxy: shownProxy{v.Requests.BaseURL}, Config: map[string]shownField{}, Credentials: map[string]shownField{},
	}
	for i, name := range v.ConnectionNames() {
		f := shownFieldOf(name, v.Connection[name].Field, i)
		f.Automated = v.Connection[name].From != schema.FromUser
		s.Config[name] = f
	}
	names := slices.Clone(v.Auth.OwnCredentials())
	for _, name := range v.CredentialNames() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i, name := range names {
		f := v.Credentials[name]
		f.Secret = f.Secret || name == "api_key" || name == "password"
		s.Credentials[credentials.Name(name)] = shownFieldOf(name, f, i)
	}
	return s
}

// Providers show the catalog.
type Providers struct {
	Catalog Catalog // nil: there are no providers
	Guard   *access.Guard
}

// List is GET /providers.
func (h *Providers) List(w *answer.Writer) {
	if h.Guard.Admit(w, apikey.ScopeRead) == nil {
		return
	}
	q, ok := input.Query(w, "search")
	if !ok {
		return
	}
	found := []*shownProvider{}
	for _, name := range h.names() {
		p, ok := h.Catalog.Provider(name)
		if ok && p.matches(q.Get("search")) {
			found = append(found, shownProviderOf(p))
		}
	}
	w.JSON(http.StatusOK, map[string]any{"data": found})
}

func (h *Providers) names() []string {
	if h.Catalog == nil {
		return nil
	}
	return h.Catalog.Names()
}

func (p *Provider) matches(search string) bool {
	search = strings.ToLower(search)
	return search == "" || strings.Contains(strings.ToLower(p.Name), search) || strings.Contains(strings.ToLower(p.DisplayName), search)
}

// Show is GET /providers/{name}.
func (h *Providers) Show(w *answer.Writer) {
	if h.Guard.Admit(w, apikey.ScopeRead) == nil {
		return
	}
	if _, ok := input.Query(w); !ok {
		return
	}
	if h.Catalog != nil {
		if p, ok := h.Catalog.Provider(w.Request.PathValue("provider")); ok {
			w.JSON(http.StatusOK, map[string]any{"data": shownProviderOf(p)})
			return
		}
	}
	w.Fail(http.StatusNotFound, "not_found", "there is no such provider in the catalog")
}

// Templates is GET /providers/{name}/templates.
func (h *Providers) Templates(w *answer.Writer) {
	w.Fail(http.StatusNotImplemented, "not_implemented", "there is no function runtime here, and so there are no templates of functions")
}
