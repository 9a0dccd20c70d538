package schema

import "time"

// A JWT is a JSON Web Token that we sign.
type JWT struct {
	Algorithm       string  `json:"algorithm"`
	Header          Tree    `json:"header,omitempty"`
	Payload         Tree    `json:"payload,omitempty"`
	Key             string  `json:"key,omitempty"`
	KeyEncoding     string  `json:"key_encoding,omitempty"`
	LifetimeSeconds float64 `json:"lifetime_seconds,omitempty"`
}

// SigningKey returns Key, or its default.
func (j *JWT) SigningKey() string {
	if j.Key == "" {
		return "${oauth_private_key}"
	}
	return j.Key
}

// Lifetime returns LifetimeSeconds, or its default of five minutes.
func (j *JWT) Lifetime() time.Duration {
	if j.LifetimeSeconds == 0 {
		return 5 * time.Minute
	}
	return time.Duration(j.LifetimeSeconds * float64(time.Second))
}

// A RequestSignature is what calls are signed with.
type RequestSignature struct {
	Headers map[string]string `json:"headers,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
}
