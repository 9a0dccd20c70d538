package play

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// Write sends a. Every answer has a Content-Length.
func (p *Stage) Write(w http.ResponseWriter, r *http.Request, a message.Answer) {
	body, media := p.Head(w, a)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if media != "" && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", media)
	}
	w.WriteHeader(a.Code())
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// Head sets the header fields of a, and the ones that every answer has.
func (p *Stage) Head(w http.ResponseWriter, a message.Answer) (body []byte, media string) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	if e := p.Integration.Requests.Errors; e != nil && e.RequestID != nil && e.RequestID.Header != "" {
		w.Header().Set(e.RequestID.Header, p.RequestID())
	}
	body, media = a.Render()
	if code := a.Code(); code == http.StatusNoContent || code == http.StatusNotModified {
		body = nil
	}
	return body, media
}

func (p *Stage) RequestID() string {
	return "sandbox-" + strconv.FormatInt(p.requests.Add(1), 10)
}

func (p *Stage) Product() string {
	if p.Integration.DisplayName != "" {
		return p.Integration.DisplayName
	}
	return p.Name()
}

// declaredURLs lists the provider's URLs, for people.
func (p *Stage) declaredURLs() string {
	var urls []string
	for _, at := range p.Places {
		urls = append(urls, at.Name+" "+at.Example)
	}
	return strings.Join(urls, ", ")
}

// RefuseElsewhere answers a request that reaches no declared URL.
func (p *Stage) RefuseElsewhere(w http.ResponseWriter, r *http.Request) {
	ref := message.Refused(http.StatusNotFound, "not_found", "integration %q declares no URL at %s%s; it has %s",
		p.Name(), message.HostOf(r), r.URL.EscapedPath(), p.declaredURLs())
	p.Write(w, r, ref.Mark(message.Answer{Status: ref.Status, Body: map[string]any{
		"error": ref.Code, "error_description": ref.Reason,
	}}))
}
