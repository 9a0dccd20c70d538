package token

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
)

// Scrub takes out of an error what the token request said, and what
// net/http repeats of the answer.
func (o *Operation) Scrub(err error, r *oauthwire.Request) error {
	e, ok := err.(*fault.Error)
	if !ok {
		return err // the context's own
	}
	said := func() []string {
		basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(r.ClientID) + ":" + url.QueryEscape(r.ClientSecret)))
		plain := base64.StdEncoding.EncodeToString([]byte(r.ClientID + ":" + r.ClientSecret))
		return slices.Concat(r.Texts(), slices.Collect(maps.Values(r.Query)), slices.Collect(maps.Values(r.Headers)),
			[]string{r.ClientSecret, basic, plain})
	}
	secrets := o.In.Secrets(o.Conn)
	e.Message = fault.Words(e.Message, func(text string) string {
		return fault.WithoutEchoes(fault.WithoutSecrets(text, slices.Concat(secretIn(r), secrets)), said)
	})
	e.Code = fault.WithoutEchoes(fault.WithoutSecrets(e.Code, slices.Concat(slices.DeleteFunc(secretIn(r), inSmallLetters), secrets)), said)
	secrets = append(slices.DeleteFunc(said(), inSmallLetters), secrets...)
	if e.Err != nil {
		e.Err = fault.WithText(fault.UnlessEchoed(e.Err.Error(), secrets, func(text string) string { return fault.WithoutEchoes(text, said) }), e.Err)
	}
	return e
}

// secretIn returns the values of a token request that no name of theirs calls harmless,
// such as a password in small letters.
func secretIn(r *oauthwire.Request) []string {
	open := oauthwire.Request{Params: map[string]any{}}
	for name, value := range r.Params {
		if !isHarmless(name) {
			open.Params[name] = value
		}
	}
	list := append(open.Texts(), r.ClientSecret)
	for name, value := range r.Query {
		if !isHarmless(name) {
			list = append(list, value)
		}
	}
	return list
}

// isHarmless reports whether a parameter of token requests is no secret, by its name.
func isHarmless(name string) bool {
	switch name {
	case "grant_type", "scope", "redirect_uri", "client_id", "response_type", "resource", "audience", "client_assertion_type", "token_type_hint",
		"Action", "Version", "DurationSeconds":
		return true
	}
	return false
}

// inSmallLetters reports whether a text may be a word of the protocol, such as
// refresh_token, or the address of a page.
func inSmallLetters(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && !strings.ContainsRune("_-:./", r) })
}
