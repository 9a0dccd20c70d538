package oauth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// serveRegister plays the registration of clients (RFC 7591 3).
func (p *registration) serveRegister(w http.ResponseWriter, r *http.Request, _ match.Location) {
	a, ref := p.register(r)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		a = ref.Mark(message.Answer{Status: ref.Status, Body: map[string]any{"error": ref.Code, "error_description": "sandbox: " + ref.Reason}})
	} else {
		p.Stats.Add(func(s *play.Counts) { s.Registrations++ })
	}
	a.Set("Cache-Control", "no-store")
	p.Write(w, r, a)
}

func (p *registration) register(r *http.Request) (message.Answer, *message.Refusal) {
	if r.Method != http.MethodPost {
		return message.Answer{}, message.Refused(405, "invalid_request", "clients register with POST (RFC 7591 3.1)")
	}
	if media := message.MediaType(r.Header); media != "application/json" {
		return message.Answer{}, message.Refused(400, "invalid_client_metadata", "Content-Type must be application/json, not %q", media)
	}
	v, err := message.Decode(message.ReadBody(r))
	doc, ok := v.(map[string]any)
	if err != nil || !ok {
		return message.Answer{}, message.Refused(400, "invalid_client_metadata", "the body is not a JSON object")
	}
	redirects := texts(doc["redirect_uris"])
	if len(redirects) == 0 {
		return message.Answer{}, message.Refused(400, "invalid_redirect_uri", "redirect_uris is missing (RFC 7591 2)")
	}
	for _, uri := range redirects {
		if ref := p.checkRedirectURI(uri); ref != nil {
			return message.Answer{}, message.Refused(400, "invalid_redirect_uri", "%s", ref.Reason)
		}
		if u, err := url.Parse(uri); err == nil && u.Scheme == "http" && (!isLocal(u.Hostname()) || message.Text(doc["application_type"]) != "native") {
			return message.Answer{}, message.Refused(400, "invalid_redirect_uri", "a redirect over http is for application_type native, to this machine (OpenID Connect Registration 2)")
		}
	}
	for name, want := range map[string][]string{"grant_types": {"authorization_code", "refresh_token"}, "response_types": {"code"}} {
		if got := texts(doc[name]); !slices.Equal(got, want) {
			return message.Answer{}, message.Refused(400, "invalid_client_metadata", "%s must be %q", name, want)
		}
	}
	method := message.Text(doc["token_endpoint_auth_method"])
	if !slices.Contains([]string{"none", "client_secret_basic", "client_secret_post"}, method) {
		return message.Answer{}, message.Refused(400, "invalid_client_metadata", "token_endpoint_auth_method is not one of token_endpoint_auth_methods_supported")
	}
	if message.Text(doc["client_name"]) == "" {
		return message.Answer{}, message.Refused(400, "invalid_client_metadata", "client_name is missing: users could not tell who is asking")
	}
	if want := p.Integration.Auth.ClientName; want != "" && message.Text(doc["client_name"]) != want {
		return message.Answer{}, message.Refused(400, "invalid_client_metadata", "client_name is not %q, which the blueprint declares", want)
	}
	id := p.Issue(grant.Claims{Kind: grant.KindClient, Redirect: strings.Join(redirects, " "), Method: method}, 0)
	doc["client_id"], doc["client_id_issued_at"] = id, p.Now().Unix()
	if method != "none" {
		doc["client_secret"], doc["client_secret_expires_at"] = grant.SecretOf(id), 0
	}
	return message.Answer{Status: http.StatusCreated, Body: doc}, nil
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, one := range list {
		out = append(out, message.Text(one))
	}
	return out
}

func isLocal(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}
