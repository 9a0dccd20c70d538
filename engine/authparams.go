package engine

import (
	"net/url"
	"slices"
	"strconv"
)

// protocolParams are the authorization request's own, which no option replaces.
var protocolParams = []string{
	"client_id", "client_secret", "code_challenge", "code_challenge_method", "nonce", "oauth_callback", "oauth_token", "redirect_uri",
	"request", "request_uri", "resource", "response_mode", "response_type", "scope", "state",
}

// checkParams refuses what an authorization request says itself, before anybody is asked.
func checkParams(op string, k Key, params map[string]string) error {
	for name := range params {
		if name == "" || slices.Contains(protocolParams, name) {
			return &Error{Op: op, Key: k, Kind: KindClient, Detail: "the parameter " + strconv.Quote(name) + " of the authorization request cannot be given"}
		}
	}
	return nil
}

// withParams returns the authorization URL with params; one that is empty is left out.
func withParams(rawURL string, params map[string]string) (string, error) {
	if len(params) == 0 {
		return rawURL, nil
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", err
	}
	q := u.Query()
	for name, v := range params {
		if q.Del(name); v != "" {
			q.Set(name, v)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}
