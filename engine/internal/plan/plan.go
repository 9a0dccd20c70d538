// Package plan is an integration as its configuration says it, read once: every
// template parsed, every pattern compiled, and what a connection gives them to be filled
// with. It sends nothing and keeps nothing. Start with [New].
package plan

import "github.com/nango-lite/nango-lite/schema"

// An Integration is a configured API with its templates parsed. It does not change.
type Integration struct {
	*schema.Integration
	Parsed  *Auth
	Calls   *Calls
	LookUps []LookUp // in the order in which they can be made

	// Previous is the same with oauth_client_secret_previous in place of the secret; nil
	// if there is but one.
	Previous *Integration

	origins origins

	own []string // see [ownSecrets]
}

// New reads an integration, which must not be modified from now on.
func New(in *schema.Integration) (*Integration, error) {
	p := &Integration{Integration: in}
	var err error
	if p.Parsed, err = newAuth(in); err != nil {
		return nil, err
	}
	if p.Calls, err = newCalls(p); err != nil {
		return nil, err
	}
	p.origins, p.own = newOrigins(p), ownSecrets(in)
	p.LookUps, err = newLookUps(in)
	if in.OAuthClientSecretPrevious.IsSet() {
		p.Previous = p.withSecret(in.OAuthClientSecretPrevious)
	}
	return p, err
}

// withSecret returns in with that client secret alone.
func (in *Integration) withSecret(secret schema.Secret) *Integration {
	with, other := *in.Integration, *in
	with.OAuthClientSecret, with.OAuthClientSecretPrevious = secret, schema.Secret{}
	other.Integration = &with
	return &other
}

// As returns in with the requests section of like, whose auth section and fields are
// those of in.
func (in *Integration) As(like *schema.Integration) (*Integration, error) {
	p := &Integration{Integration: like, Parsed: in.Parsed, LookUps: in.LookUps}
	var err error
	p.Calls, err = newCalls(p)
	p.origins, p.own = in.origins, in.own
	return p, err
}
