package plan

import (
	"fmt"

	"github.com/nango-lite/nango-lite/schema"
)

// An AWS is auth.aws with its templates parsed.
type AWS struct {
	*schema.AWS
	Templates struct{ Service, Region schema.Template }
	Role      *Role // nil: calls are made in none
}

func newAWS(a *schema.Auth) (*AWS, error) {
	if a.AuthMode != schema.AWSSigV4 {
		return nil, nil
	}
	if a.AWS == nil || a.AWS.Service == "" || a.AWS.Region == "" {
		return nil, fmt.Errorf("auth.aws: service and region are needed to sign")
	}
	p := &AWS{AWS: a.AWS}
	var err error
	if p.Templates.Service, err = schema.ParseTemplate(a.AWS.Service); err != nil {
		return nil, fmt.Errorf("auth.aws.service: %w", err)
	}
	if p.Templates.Region, err = schema.ParseTemplate(a.AWS.Region); err != nil {
		return nil, fmt.Errorf("auth.aws.region: %w", err)
	}
	p.Role, err = newRole(a.AWS)
	return p, err
}

// A Role is auth.aws.assume_role with its templates parsed.
type Role struct {
	*schema.AssumeRole
	Templates struct{ ARN, URL, Region, ExternalID, Session schema.Template }
}

func newRole(a *schema.AWS) (*Role, error) {
	r := a.AssumeRole
	if r == nil {
		return nil, nil
	}
	if r.RoleARN == "" || r.URL == "" {
		return nil, fmt.Errorf("auth.aws.assume_role: role_arn and url are needed")
	}
	p := &Role{AssumeRole: r}
	for _, t := range []struct {
		key, text string
		to        *schema.Template
	}{
		{"role_arn", r.RoleARN, &p.Templates.ARN}, {"url", r.URL, &p.Templates.URL}, {"region", a.Region, &p.Templates.Region},
		{"external_id", r.ExternalID, &p.Templates.ExternalID}, {"session_name", r.Session(), &p.Templates.Session},
	} {
		var err error
		if *t.to, err = schema.ParseTemplate(t.text); err != nil {
			return nil, fmt.Errorf("auth.aws.assume_role.%s: %w", t.key, err)
		}
	}
	return p, nil
}
