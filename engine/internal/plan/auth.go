package plan

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// An Auth is an integration's auth section with its templates parsed and its
// Patterns compiled.
type Auth struct {
	AuthorizationURL, TokenURL, RefreshURL, RevocationURL, RequestURL, DeviceURL, IntrospectionURL, PushedURL, SignatureRealm schema.Template

	BaseURL, Resource, AuthorizationServer schema.Template // where discovery starts

	AuthorizationParams, TokenHeaders, TokenQuery, RequestParams, DeviceParams TemplateMap

	TokenParams, RefreshParams TemplateTree

	JWT       *JWT // nil: nothing is signed
	AWS       *AWS // nil: another mode
	Steps     []Step
	Signature *Signature // nil: there is none

	Revocation struct { // of revocation_request
		Params  TemplateTree
		Headers TemplateMap
	}

	Patterns map[string]*regexp.Regexp // by namespace.name of a field
}

func newAuth(in *schema.Integration) (*Auth, error) {
	a, p := &in.Auth, &Auth{Patterns: map[string]*regexp.Regexp{}}
	refreshURL := a.RefreshURL
	if refreshURL == "" {
		refreshURL = a.TokenURL
	}
	for _, u := range []struct {
		key, text string
		to        *schema.Template
	}{
		{"resource", cmp.Or(a.Resource, in.Requests.BaseURL), &p.Resource},
		{"authorization_server", a.AuthorizationServer, &p.AuthorizationServer},
		{"authorization_url", a.AuthorizationURL, &p.AuthorizationURL},
		{"token_url", a.TokenURL, &p.TokenURL},
		{"refresh_url", refreshURL, &p.RefreshURL},
		{"revocation_url", a.RevocationURL, &p.RevocationURL},
		{"request_url", a.RequestURL, &p.RequestURL},
		{"device_authorization_url", a.DeviceAuthorizationURL, &p.DeviceURL},
		{"introspection_url", a.IntrospectionURL, &p.IntrospectionURL},
		{"pushed_authorization_url", a.PushedAuthorizationURL, &p.PushedURL},
		{"signature_realm", a.SignatureRealm, &p.SignatureRealm},
	} {
		t, err := schema.ParseTemplate(u.text)
		if err != nil {
			return nil, fmt.Errorf("auth.%s: %w", u.key, err)
		}
		*u.to = t
	}
	var err error
	if p.BaseURL, err = schema.ParseTemplate(in.Requests.BaseURL); err != nil {
		return nil, fmt.Errorf("requests.base_url: %w", err)
	}
	var query map[string]string
	if a.TokenRequest != nil {
		query = a.TokenRequest.Query
	}
	revocation := schema.Revocation{}
	if a.RevocationRequest != nil {
		revocation = *a.RevocationRequest
	}
	for _, m := range []struct {
		key    string
		values map[string]string
		to     *TemplateMap
	}{
		{"authorization_params", a.AuthorizationParams, &p.AuthorizationParams},
		{"token_headers", a.TokenHeaders, &p.TokenHeaders},
		{"token_request.query", query, &p.TokenQuery},
		{"request_params", a.RequestParams, &p.RequestParams},
		{"revocation_request.headers", revocation.Headers, &p.Revocation.Headers},
		{"device_authorization_params", a.DeviceAuthorizationParams, &p.DeviceParams},
	} {
		t, err := parseMap(m.values)
		if err != nil {
			return nil, fmt.Errorf("auth.%s: %w", m.key, err)
		}
		*m.to = t
	}
	for _, m := range []struct {
		key    string
		values schema.Tree
		to     *TemplateTree
	}{
		{"token_params", a.TokenParams, &p.TokenParams},
		{"refresh_params", a.RefreshParams, &p.RefreshParams},
		{"revocation_request.params", revocation.Params, &p.Revocation.Params},
	} {
		if *m.to, err = parseTree(m.values); err != nil {
			return nil, fmt.Errorf("auth.%s.%w", m.key, err)
		}
	}
	if p.JWT, err = newJWT(a.JWT); err != nil {
		return nil, err
	}
	if p.AWS, err = newAWS(a); err != nil {
		return nil, err
	}
	if p.Steps, err = newSteps(a.Steps); err != nil {
		return nil, err
	}
	if p.Signature, err = newSignature(a.RequestSignature); err != nil {
		return nil, err
	}
	return p, p.compilePatterns(in)
}

// A Signature is auth.signature with its templates parsed: what a request is given last.
type Signature struct{ Headers, Params []render.Field }

// newSignature parses auth.signature.
func newSignature(s *schema.RequestSignature) (*Signature, error) {
	if s == nil {
		return nil, nil
	}
	var out Signature
	for _, m := range []struct {
		key    string
		values map[string]string
		to     *[]render.Field
	}{{"headers", s.Headers, &out.Headers}, {"params", s.Params, &out.Params}} {
		for _, name := range slices.Sorted(maps.Keys(m.values)) {
			t, err := schema.ParseTemplate(m.values[name])
			if err != nil {
				return nil, fmt.Errorf("auth.signature.%s.%s: %w", m.key, name, err)
			}
			*m.to = append(*m.to, render.Field{Name: name, Value: t})
		}
	}
	return &out, nil
}

func (p *Auth) compilePatterns(in *schema.Integration) error {
	compile := func(key string, f schema.Field) error {
		if f.Pattern == "" {
			return nil
		}
		re, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		if err != nil {
			return fmt.Errorf("%s.pattern: %w", key, err)
		}
		p.Patterns[key] = re
		return nil
	}
	for name, f := range in.Connection {
		if err := compile("connection."+name, f.Field); err != nil {
			return err
		}
	}
	for _, name := range in.UserCredentials() {
		if err := compile("credentials."+name, in.Auth.OwnField(name, in.Credentials[name])); err != nil {
			return err
		}
	}
	return nil
}
