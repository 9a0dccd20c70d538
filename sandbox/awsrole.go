package sandbox

import (
	"encoding/base32"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AssumeRole as its documentation has it:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const (
	roleVersion  = "2011-06-15"
	roleLifetime = time.Hour
)

var roleForms = map[string]func() *regexp.Regexp{
	"RoleArn":         lazy(`^arn:[a-z-]+:iam::[0-9]{12}:role/[!-~]+$`),
	"RoleSessionName": lazy(`^[\w+=,.@-]{2,64}$`),
	"ExternalId":      lazy(`^[\w+=,.@:/-]{2,}$`),
	"DurationSeconds": lazy(`^[0-9]+$`),
}

// serveRole plays the Security Token Service.
func (p *Provider) serveRole(w http.ResponseWriter, r *http.Request) {
	body := readBody(r)
	f := p.faults.takeToken()
	if p.playBeforeToken(w, r, f) {
		return
	}
	a, ref := p.takeRole(r, body)
	if ref != nil {
		p.stats.add(func(s *counts) { s.refused++ })
		p.write(w, r, ref.mark(xmlAnswer(ref.status, roleRefusal{Error: roleError{Type: "Sender", Code: ref.code, Message: ref.reason}, RequestID: p.requestID()})))
		return
	}
	if p.playAfterToken(w, r, f) {
		return
	}
	p.write(w, r, a)
}

func (p *Provider) takeRole(r *http.Request, body []byte) (answer, *refusal) {
	if r.Method != http.MethodPost {
		return answer{}, refused(405, "ValidationError", "roles are assumed with POST here, not %s", r.Method)
	}
	form, ref := readForm(r.Header, body)
	if ref == nil {
		ref = p.checkRoleForm(form)
	}
	var a *awsRequest
	if ref == nil {
		a, ref = p.readAWS(r, body)
	}
	if ref == nil {
		ref = p.checkAWSScope(a, p.aws.roleScope)
	}
	if ref == nil {
		ref = p.checkBaseKey(a)
	}
	if ref != nil {
		return answer{}, ref
	}
	p.stats.add(func(s *counts) { s.issued++ })
	return p.roleAnswer(form), nil
}

// checkRoleForm holds that the request is what is declared, and nothing else.
func (p *Provider) checkRoleForm(form url.Values) *refusal {
	role := p.integration.Auth.AssumesRole()
	want := map[string]string{"Action": "AssumeRole", "Version": roleVersion}
	if role.DurationSeconds != 0 {
		want["DurationSeconds"] = strconv.Itoa(role.DurationSeconds)
	}
	for name, values := range form {
		v, fixed := want[name]
		switch test := roleForms[name]; {
		case len(values) != 1:
			return refused(400, "ValidationError", "%s is given %d times", name, len(values))
		case !fixed && !slices.ContainsFunc(p.aws.role, func(d declared) bool { return d.name == name }):
			return refused(400, "ValidationError", "%s is given, and auth.aws.assume_role does not declare it", name)
		case fixed && values[0] != v:
			return refused(400, "ValidationError", "%s is not %s", name, v)
		case test != nil && !test().MatchString(values[0]):
			return refused(400, "ValidationError", "%s does not have the form that it has", name)
		}
	}
	for name := range want {
		if !form.Has(name) {
			return refused(400, "MissingParameter", "%s is missing", name)
		}
	}
	return p.checkDeclared(p.aws.role, form.Get, "the request for a role")
}

// checkBaseKey checks who assumes the role: the operator, or the one user whose
// secret the sandbox knows.
func (p *Provider) checkBaseKey(a *awsRequest) *refusal {
	id, secret := p.integration.OAuthClientID, p.integration.OAuthClientSecret.Reveal()
	if !p.integration.AppAssumesRole() {
		id, secret = p.integration.Credentials["access_key_id"].Example, p.integration.Credentials["secret_access_key"].Example
		if a.keyID != id || secret == "" {
			return nil
		}
	}
	switch {
	case a.keyID != id:
		return refused(403, "InvalidClientTokenId", "the access key is not the integration's oauth_client_id")
	case !a.signedWith(secret, false):
		return refused(403, "SignatureDoesNotMatch", "Signature is not the %s over the canonical request of %s %s", awsAlgorithm, a.Method, pathOf(a.Request))
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
func (p *Provider) roleAnswer(form url.Values) answer {
	lifetime := roleLifetime
	if n, err := strconv.Atoi(form.Get("DurationSeconds")); err == nil {
		lifetime = time.Duration(n) * time.Second
	}
	if p.opts.TokenLifetime > 0 {
		lifetime = p.opts.TokenLifetime
	}
	token := p.issue(claims{Kind: kindAccess, Family: p.random(8)}, lifetime)
	arn, session := form.Get("RoleArn"), form.Get("RoleSessionName")
	assumed := strings.Replace(strings.Replace(arn, ":iam:", ":sts:", 1), ":role/", ":assumed-role/", 1) + "/" + session
	return xmlAnswer(200, roleResult{
		User:    roleUser{assumed, "AROASANDBOX:" + session},
		Key:     roleKey{roleKeyID(token), tokenSecret(token), token, p.now().Add(lifetime).UTC().Format(time.RFC3339)},
		Request: requestID{p.requestID()},
	})
}

func roleKeyID(token string) string {
	return "ASIA" + strings.TrimRight(base32.StdEncoding.EncodeToString([]byte(shortHash(token)))[:16], "=")
}

func xmlAnswer(status int, v any) answer {
	b, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	a := answer{status: status, body: string(b) + "\n"}
	a.set("Content-Type", "text/xml")
	a.set("Cache-Control", "no-store")
	return a
}

// checkRoleKey checks a signature with a temporary key.
func (p *Provider) checkRoleKey(a *awsRequest, who *caller) *refusal {
	token := a.Header.Get("X-Amz-Security-Token")
	c, ok := open(token)
	switch {
	case token == "":
		return refused(403, "InvalidClientTokenId", "X-Amz-Security-Token is missing; calls are made in a role")
	case !ok || c.Kind != kindAccess || a.keyID != roleKeyID(token):
		return refused(403, "InvalidClientTokenId", "the session token was not issued by a sandbox, or belongs to another key")
	case c.Expires != 0 && !p.now().Before(time.UnixMilli(c.Expires)):
		return refused(401, codeExpired, "the session token expired at %s", time.UnixMilli(c.Expires).UTC().Format(time.RFC3339))
	}
	who.access, who.key = c, c.Family
	if ref := p.grants.check(c); ref != nil {
		return ref
	}
	return p.checkAWSSignature(a, tokenSecret(token))
}
