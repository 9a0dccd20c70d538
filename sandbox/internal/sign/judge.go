// Package sign judges signatures: JSON Web Tokens (RFC 7515, by code of others), OAuth
// 1.0a (RFC 5849) and AWS Signature Version 4. Start with [Judge].
package sign

import "github.com/nango-lite/nango-lite/sandbox/internal/match"

// A Judge judges the signatures of an integration's requests. It is safe for
// concurrent use.
type Judge struct {
	*match.Judge
	AWS awsForms
}

// New returns the judge of signatures beside that of the rest.
func New(m *match.Judge) (j *Judge, err error) {
	j = &Judge{Judge: m}
	j.AWS, err = compileAWS(&m.Integration.Auth)
	return j, err
}
