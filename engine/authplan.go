package engine

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// An authPlan is an integration's auth section with its templates parsed and its
// patterns compiled.
type authPlan struct {
	authorizationURL, tokenURL, refreshURL, revocationURL, requestURL, deviceURL, introspectionURL, signatureRealm schema.Template

	baseURL, resource, authorizationServer schema.Template // where discovery starts

	authorizationParams, tokenParams, refreshParams, tokenHeaders, tokenQuery, requestParams, deviceParams, introspectionParams templateMap

	jwt       *jwtPlan // nil: nothing is signed
	aws       *awsPlan // nil: another mode
	steps     []stepPlan
	signature *layer.Signature // nil: there is none

	revocation struct{ params, query, headers templateMap } // of revocation_request

	patterns map[string]*regexp.Regexp // by namespace.name of a field
}

// A templateMap is a map of parameters or headers whose values are templates.
type templateMap map[string]schema.Template

func newAuthPlan(in *schema.Integration) (*authPlan, error) {
	a, p := &in.Auth, &authPlan{patterns: map[string]*regexp.Regexp{}}
	refreshURL := a.RefreshURL
	if refreshURL == "" {
		refreshURL = a.TokenURL
	}
	for _, u := range []struct {
		key, text string
		to        *schema.Template
	}{
		{"resource", cmp.Or(a.Resource, in.Requests.BaseURL), &p.resource},
		{"authorization_server", a.AuthorizationServer, &p.authorizationServer},
		{"authorization_url", a.AuthorizationURL, &p.authorizationURL},
		{"token_url", a.TokenURL, &p.tokenURL},
		{"refresh_url", refreshURL, &p.refreshURL},
		{"revocation_url", a.RevocationURL, &p.revocationURL},
		{"request_url", a.RequestURL, &p.requestURL},
		{"device_authorization_url", a.DeviceAuthorizationURL, &p.deviceURL},
		{"introspection_url", a.IntrospectionURL, &p.introspectionURL},
		{"signature_realm", a.SignatureRealm, &p.signatureRealm},
	} {
		t, err := schema.ParseTemplate(u.text)
		if err != nil {
			return nil, fmt.Errorf("auth.%s: %w", u.key, err)
		}
		*u.to = t
	}
	var err error
	if p.baseURL, err = schema.ParseTemplate(in.Requests.BaseURL); err != nil {
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
		to     *templateMap
	}{
		{"authorization_params", a.AuthorizationParams, &p.authorizationParams},
		{"token_params", a.TokenParams, &p.tokenParams},
		{"refresh_params", a.RefreshParams, &p.refreshParams},
		{"token_headers", a.TokenHeaders, &p.tokenHeaders},
		{"token_request.query", query, &p.tokenQuery},
		{"request_params", a.RequestParams, &p.requestParams},
		{"revocation_request.params", revocation.Params, &p.revocation.params},
		{"revocation_request.query", revocation.Query, &p.revocation.query},
		{"revocation_request.headers", revocation.Headers, &p.revocation.headers},
		{"device_authorization_params", a.DeviceAuthorizationParams, &p.deviceParams},
		{"introspection_params", a.IntrospectionParams, &p.introspectionParams},
	} {
		t, err := parseMap(m.values)
		if err != nil {
			return nil, fmt.Errorf("auth.%s: %w", m.key, err)
		}
		*m.to = t
	}
	if p.jwt, err = newJWTPlan(a.JWT); err != nil {
		return nil, err
	}
	if p.aws, err = newAWSPlan(a); err != nil {
		return nil, err
	}
	if p.steps, err = newStepPlans(a.Steps); err != nil {
		return nil, err
	}
	if p.signature, err = newSignature(a.RequestSignature); err != nil {
		return nil, err
	}
	return p, p.compilePatterns(in)
}

// newSignature parses auth.signature.
func newSignature(s *schema.RequestSignature) (*layer.Signature, error) {
	if s == nil {
		return nil, nil
	}
	var out layer.Signature
	for _, m := range []struct {
		key    string
		values map[string]string
		to     *[]layer.Field
	}{{"headers", s.Headers, &out.Headers}, {"params", s.Params, &out.Params}} {
		for _, name := range slices.Sorted(maps.Keys(m.values)) {
			t, err := schema.ParseTemplate(m.values[name])
			if err != nil {
				return nil, fmt.Errorf("auth.signature.%s.%s: %w", m.key, name, err)
			}
			*m.to = append(*m.to, layer.Field{Name: name, Value: t})
		}
	}
	return &out, nil
}

func parseMap(values map[string]string) (templateMap, error) {
	m := make(templateMap, len(values))
	for name, text := range values {
		t, err := schema.ParseTemplate(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m[name] = t
	}
	return m, nil
}

func (p *authPlan) compilePatterns(in *schema.Integration) error {
	compile := func(key string, f schema.Field) error {
		if f.Pattern == "" {
			return nil
		}
		re, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		if err != nil {
			return fmt.Errorf("%s.pattern: %w", key, err)
		}
		p.patterns[key] = re
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

// fill renders m into q.
func (m templateMap) fill(q url.Values, values render.Values) error {
	rendered, err := m.render(values)
	if err != nil {
		return err
	}
	for name, text := range rendered {
		q.Set(name, text)
	}
	return nil
}

// render returns m with its placeholders filled.
func (m templateMap) render(values render.Values) (map[string]string, error) {
	out := make(map[string]string, len(m))
	for name, t := range m {
		text, err := render.Text(t, values)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = text
	}
	return out, nil
}
