package oauth

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/sandbox/internal/sign"
)

// AssumeRole as its documentation has it:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	roleVersion  = "2011-06-15"
	roleLifetime = time.Hour
)

var roleForms = map[string]func() *regexp.Regexp{
	"RoleArn":         lazyregexp.New(`^arn:[a-z-]+:iam::[0-9]{12}:role/[!-~]+$`),
	"RoleSessionName": lazyregexp.New(`^[\w+=,.@-]{2,64}$`),
	"ExternalId":      lazyregexp.New(`^[\w+=,.@:/-]{2,}$`),
	"DurationSeconds": lazyregexp.New(`^[0-9]+$`),
}

// serveRole plays the Security Token Service.
func (p *role) serveRole(w http.ResponseWriter, r *http.Request, _ match.Location) {
	body := message.ReadBody(r)
	f := p.Faults.TakeToken()
	if p.PlayBeforeToken(w, r, f) {
		return
	}
	a, ref := p.takeRole(r, body)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		p.Write(w, r, ref.Mark(xmlAnswer(ref.Status, roleRefusal{Error: roleError{Type: "Sender", Code: ref.Code, Message: ref.Reason}, RequestID: p.RequestID()})))
		return
	}
	if p.PlayAfterToken(w, r, f) {
		return
	}
	p.Write(w, r, a)
}

func (p *role) takeRole(r *http.Request, body []byte) (message.Answer, *message.Refusal) {
	if r.Method != http.MethodPost {
		return message.Answer{}, message.Refused(405, "ValidationError", "roles are assumed with POST here, not %s", r.Method)
	}
	form, ref := message.ReadForm(r.Header, body)
	if ref == nil {
		ref = p.checkRoleForm(form)
	}
	var a *sign.AWSRequest
	if ref == nil {
		a, ref = p.ReadAWS(r, body)
	}
	if ref == nil {
		ref = p.CheckAWSScope(a, p.AWS.RoleScope)
	}
	if ref == nil {
		ref = p.checkBaseKey(a)
	}
	if ref != nil {
		return message.Answer{}, ref
	}
	p.Stats.Add(func(s *play.Counts) { s.Issued++ })
	return p.roleAnswer(form), nil
}

// checkRoleForm holds that the request is what is declared, and nothing else.
func (p *role) checkRoleForm(form url.Values) *message.Refusal {
	role := p.Integration.Auth.AssumesRole()
	want := map[string]string{"Action": "AssumeRole", "Version": roleVersion}
	if role.DurationSeconds != 0 {
		want["DurationSeconds"] = strconv.Itoa(role.DurationSeconds)
	}
	for name, values := range form {
		v, fixed := want[name]
		switch test := roleForms[name]; {
		case len(values) != 1:
			return message.Refused(400, "ValidationError", "%s is given %d times", name, len(values))
		case !fixed && !slices.ContainsFunc(p.AWS.Role, func(d match.Declared) bool { return d.Name == name }):
			return message.Refused(400, "ValidationError", "%s is given, and auth.aws.assume_role does not declare it", name)
		case fixed && values[0] != v:
			return message.Refused(400, "ValidationError", "%s is not %s", name, v)
		case test != nil && !test().MatchString(values[0]):
			return message.Refused(400, "ValidationError", "%s does not have the form that it has", name)
		}
	}
	for name := range want {
		if !form.Has(name) {
			return message.Refused(400, "MissingParameter", "%s is missing", name)
		}
	}
	return p.CheckDeclared(p.AWS.Role, form.Get, "the request for a role")
}

// checkBaseKey checks who assumes the role: the operator, or the one user whose
// secret the sandbox knows.
func (p *role) checkBaseKey(a *sign.AWSRequest) *message.Refusal {
	id, secret := p.Integration.OAuthClientID, p.Integration.OAuthClientSecret.Reveal()
	if !p.Integration.AppAssumesRole() {
		id, secret = p.Integration.Credentials["access_key_id"].Example, p.Integration.Credentials["secret_access_key"].Example
		if a.KeyID != id || secret == "" {
			return nil
		}
	}
	switch {
	case a.KeyID != id:
		return message.Refused(403, "InvalidClientTokenId", "the access key is not the integration's oauth_client_id")
	case !a.SignedWith(secret, false):
		return message.Refused(403, "SignatureDoesNotMatch", "Signature is not the %s over the canonical request of %s %s", sign.AwsAlgorithm, a.Method, message.PathOf(a.Request))
	}
	return nil
}

type roleResult struct {
	XMLName xml.Name  `xml:"AssumeRoleResponse"`
	User    roleUser  `xml:"AssumeRoleResult>AssumedRoleUser"`
	Key     roleKey   `xml:"AssumeRoleResult>Credentials"`
	Request requestID `xml:"ResponseMetadata"`
}

type roleUser struct{ Arn, AssumedRoleId string }

type roleKey struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }

type requestID struct{ RequestId string }

type roleRefusal struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Error     roleError
	RequestID string `xml:"RequestId"`
}

type roleError struct{ Type, Code, Message string }

// roleAnswer gives a temporary key. Its session token says all; id and secret follow
// from it.
func (p *role) roleAnswer(form url.Values) message.Answer {
	lifetime := roleLifetime
	if n, err := strconv.Atoi(form.Get("DurationSeconds")); err == nil {
		lifetime = time.Duration(n) * time.Second
	}
	if p.Opts.TokenLifetime > 0 {
		lifetime = p.Opts.TokenLifetime
	}
	token := p.Issue(grant.Claims{Kind: grant.KindAccess, Family: p.Random(8)}, lifetime)
	arn, session := form.Get("RoleArn"), form.Get("RoleSessionName")
	assumed := strings.Replace(strings.Replace(arn, ":iam:", ":sts:", 1), ":role/", ":assumed-role/", 1) + "/" + session
	return xmlAnswer(200, roleResult{
		User:    roleUser{assumed, "AROASANDBOX:" + session},
		Key:     roleKey{grant.RoleKeyID(token), grant.TokenSecret(token), token, p.Now().Add(lifetime).UTC().Format(time.RFC3339)},
		Request: requestID{p.RequestID()},
	})
}

func xmlAnswer(status int, v any) message.Answer {
	b, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	a := message.Answer{Status: status, Body: string(b) + "\n"}
	a.Set("Content-Type", "text/xml")
	a.Set("Cache-Control", "no-store")
	return a
}
