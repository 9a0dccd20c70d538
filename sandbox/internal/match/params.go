package match

import (
	"github.com/nango-lite/nango-lite/schema"
)

// A ParamSet is what the blueprint adds to the OAuth requests.
type ParamSet struct {
	Authorization, Request, Realm, Token, Refresh, Query, Headers, Device, Revoke, RevokeHeaders []Declared
}

func compileParams(a *schema.Auth) (s ParamSet, err error) {
	revocation := schema.Revocation{}
	if a.RevocationRequest != nil {
		revocation = *a.RevocationRequest
	}
	lists := []struct {
		to   *[]Declared
		from map[string]string
	}{
		{&s.RevokeHeaders, revocation.Headers},
		{&s.Authorization, a.AuthorizationParams},
		{&s.Request, a.RequestParams},
		{&s.Realm, map[string]string{"realm": a.SignatureRealm}},
		{&s.Headers, a.TokenHeaders},
		{&s.Device, a.DeviceAuthorizationParams},
	}
	for _, l := range []struct {
		to   *[]Declared
		from schema.Tree
	}{{&s.Token, a.TokenParams}, {&s.Refresh, a.RefreshParams}, {&s.Revoke, revocation.Params}} {
		if *l.to, err = CompileTree(l.from); err != nil {
			return s, err
		}
	}
	for _, l := range lists {
		if *l.to, err = CompileAll(l.from); err != nil {
			return s, err
		}
	}
	if a.TokenRequest != nil {
		s.Query, err = CompileAll(a.TokenRequest.Query)
	}
	return s, err
}
