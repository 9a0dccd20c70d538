package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/page"
)

// A Mux plays several providers. As an http.Handler it answers
// /{integration}/{host[:port]}/path as the provider's https://host/path, an index
// at /, and counts at /_sandbox/stats. POST /_sandbox/fault with the form fields
// integration, fault and times is [Provider.Fault]. Mounted below a base path, it
// wants that path stripped (http.StripPrefix). It is safe for concurrent use.
type Mux struct {
	providers []*Provider
	byName    map[string]*Provider
}

var _ http.Handler = (*Mux)(nil)

// NewMux returns a Mux of the providers. Two of one name are a mistake in the
// program and panic.
func NewMux(providers ...*Provider) *Mux {
	m := &Mux{byName: map[string]*Provider{}}
	for _, p := range providers {
		if m.byName[p.Name()] != nil {
			panic("sandbox: two providers are named " + strconv.Quote(p.Name()))
		}
		m.byName[p.Name()] = p
		m.providers = append(m.providers, p)
	}
	return m
}

// Provider returns the provider of that integration, or nil.
func (m *Mux) Provider(integration string) *Provider { return m.byName[integration] }

// Stats returns the counts of each integration.
func (m *Mux) Stats() map[string]Stats {
	all := map[string]Stats{}
	for _, p := range m.providers {
		all[p.Name()] = p.Stats()
	}
	return all
}

// ServeHTTP finds the provider by the first segment of the path.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	name, rest, _ := strings.Cut(path, "/")
	if name == "_sandbox" {
		m.serveOwn(w, r, rest) // no integration is named so: names begin with a letter or digit
		return
	}
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	p := m.byName[name]
	switch {
	case p == nil && (name == "stats" || name == "fault") && rest == "":
		m.serveOwn(w, r, name)
	case p == nil && name == "":
		m.writeIndex(w, r, http.StatusOK, m.providers)
	case p == nil:
		m.writeIndex(w, r, http.StatusNotFound, m.providers)
	case rest == "":
		m.writeIndex(w, r, http.StatusOK, []*Provider{p})
	default:
		p.ServeHTTP(w, atHost(r, rest))
	}
}

// atHost returns r as the provider is asked: rest is host/path, escaped.
func atHost(r *http.Request, rest string) *http.Request {
	host, path, _ := strings.Cut(rest, "/")
	if plain, err := url.PathUnescape(host); err == nil {
		host = plain
	}
	r2 := r.Clone(r.Context())
	r2.Host, r2.URL.Host = host, ""
	r2.URL.Path, r2.URL.RawPath = "/"+message.Unescape(path), "/"+path
	return r2
}

// serveOwn answers what is about the sandbox itself.
func (m *Mux) serveOwn(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case path == "stats" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(m.Stats())
	case path == "fault" && r.Method == http.MethodPost:
		m.serveFault(w, r)
	default:
		http.Error(w, "the sandbox has GET /_sandbox/stats and POST /_sandbox/fault", http.StatusNotFound)
	}
}

func (m *Mux) serveFault(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, message.MaxBody)
	p := m.byName[r.FormValue("integration")]
	times, err := strconv.Atoi(r.FormValue("times"))
	if r.FormValue("times") == "" {
		times, err = 1, nil
	}
	if p == nil || err != nil {
		http.Error(w, "wanted: integration=NAME, fault=NAME and perhaps times=N", http.StatusBadRequest)
		return
	}
	if err := p.Fault(Fault(r.FormValue("fault")), times); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m *Mux) writeIndex(w http.ResponseWriter, r *http.Request, status int, providers []*Provider) {
	data := page.Data{Title: "nango-lite sandbox", Product: "the real providers"}
	for _, p := range providers {
		entry := page.Listed{Name: p.Name(), Product: p.stage.Product()}
		for _, at := range p.stage.Places {
			entry.URLs = append(entry.URLs, page.ListedURL{Name: at.Name, URL: at.Example})
		}
		data.Providers = append(data.Providers, entry)
	}
	page.Write(w, r, status, "index", data)
}
