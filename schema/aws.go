package schema

import "strings"

// AWS says how calls are signed with AWS Signature Version 4.
type AWS struct {
	Service       string `json:"service"`
	Region        string `json:"region"`
	UnescapedPath bool   `json:"unescaped_path,omitempty"`
	SignPayload   *bool  `json:"sign_payload,omitempty"`

	AssumeRole *AssumeRole `json:"assume_role,omitempty"`
}

// SignsPayload returns SignPayload, or its default true.
func (a *AWS) SignsPayload() bool { return a.SignPayload == nil || *a.SignPayload }

// Whose key assumes a role.
const (
	SourceConnection = "connection"
	SourceApp        = "app"
)

// An AssumeRole says which role calls are made in, and how it is assumed.
type AssumeRole struct {
	RoleARN         string `json:"role_arn"`
	URL             string `json:"url"`
	ExternalID      string `json:"external_id,omitempty"`
	SessionName     string `json:"session_name,omitempty"`
	DurationSeconds int    `json:"duration_seconds,omitempty"`
	Source          string `json:"source,omitempty"`
}

// IsRoleARN reports whether text is the name of a role, such as
// arn:aws:iam::123456789012:role/reader.
func IsRoleARN(text string) bool {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 {
		return false
	}
	partition, account := parts[1], parts[4]
	name, ok := strings.CutPrefix(parts[5], "role/")
	return ok && parts[0] == "arn" && parts[2] == "iam" && parts[3] == "" &&
		partition != "" && strings.Trim(partition, "abcdefghijklmnopqrstuvwxyz-") == "" &&
		len(account) == 12 && strings.Trim(account, "0123456789") == "" &&
		name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' })
}

// Session returns SessionName, or its default.
func (r *AssumeRole) Session() string {
	if r.SessionName == "" {
		return "nango-lite"
	}
	return r.SessionName
}

// AssumesRole returns how calls' role is assumed, or nil if they are made in none.
func (a *Auth) AssumesRole() *AssumeRole {
	if a.AuthMode != AWSSigV4 || a.AWS == nil {
		return nil
	}
	return a.AWS.AssumeRole
}
