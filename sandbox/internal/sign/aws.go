package sign

import (
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// compileAWS compiles what signatures are for.
func compileAWS(a *schema.Auth) (f awsForms, err error) {
	if a.AWS == nil {
		return f, nil
	}
	if f.Scope, err = match.CompileAll(map[string]string{"service": a.AWS.Service, "region": a.AWS.Region}); err != nil {
		return f, err
	}
	role := a.AWS.AssumeRole
	if role == nil {
		return f, nil
	}
	if f.RoleScope, err = match.CompileAll(map[string]string{"service": "sts", "region": a.AWS.Region}); err != nil {
		return f, err
	}
	params := map[string]string{"RoleArn": role.RoleARN, "RoleSessionName": role.Session()}
	if role.ExternalID != "" {
		params["ExternalId"] = role.ExternalID
	}
	f.Role, err = match.CompileAll(params)
	return f, err
}

// awsForms are what signatures are for, and what a request for a role holds.
type awsForms struct{ Scope, RoleScope, Role []match.Declared }

// CheckAWSScope holds that the signature is for the declared service and region.
func (j *Judge) CheckAWSScope(a *AWSRequest, scope []match.Declared) *message.Refusal {
	for _, d := range scope {
		got := a.region
		if d.Name == "service" {
			got = a.service
		}
		values, ok := d.Form.Read(got)
		if !ok {
			return message.Refused(403, "SignatureDoesNotMatch", "the %s of the scope does not read like %q", d.Name, d.Text)
		}
		for n, v := range values {
			field, isField := strings.CutPrefix(d.Form.Refs[n][0].Name, "connection.")
			if f := j.Integration.Connection[field].Field; isField && !match.FitsField(f, v) {
				return message.Refused(403, "SignatureDoesNotMatch", "the %s of the scope is none that connection.%s may have", d.Name, field)
			}
		}
	}
	return nil
}

func (j *Judge) CheckAWSSignature(a *AWSRequest, secret string) *message.Refusal {
	spec := j.Integration.Auth.AWS
	if !a.SignedWith(secret, spec != nil && spec.UnescapedPath) {
		return message.Refused(403, "SignatureDoesNotMatch", "Signature is not the %s over the canonical request of %s %s", AwsAlgorithm, a.Method, message.PathOf(a.Request))
	}
	return nil
}
