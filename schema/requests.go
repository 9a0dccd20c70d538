package schema

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
)

// Requests says how the API is called.
type Requests struct {
	BaseURL    string            `json:"base_url"`
	Headers    map[string]string `json:"headers,omitempty"`
	Params     map[string]string `json:"params,omitempty"`
	Body       map[string]string `json:"body,omitempty"`
	Retries    *Retries          `json:"retries,omitempty"`
	RateLimit  *RateLimit        `json:"rate_limit,omitempty"`
	Pagination *Pagination       `json:"pagination,omitempty"`
	Errors     *Errors           `json:"errors,omitempty"`
	Verify     *Verify           `json:"verify,omitempty"`

	// AllowPrivateHosts lets a host that comes from a connection's data be one of
	// our own network. An operator may say so, a blueprint may not.
	AllowPrivateHosts bool `json:"allow_private_hosts,omitempty"`
}

// Format writes no value, because headers and params may hold text from the
// environment.
func (r Requests) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "requests") }

// LogValue returns what Format writes.
func (r Requests) LogValue() slog.Value { return slog.StringValue("requests") }

// MarshalText returns what Format writes.
func (r Requests) MarshalText() ([]byte, error) { return []byte("requests"), nil }

// Retries says when a failed attempt is made again. Nil pointers mean the
// defaults of the JSON Schema.
type Retries struct {
	MaxRetries            *int     `json:"max_retries,omitempty"`
	TimeBetweenRetriesSec *float64 `json:"time_between_retries_sec,omitempty"`
	MaxWaitSeconds        *float64 `json:"max_wait_seconds,omitempty"`
	Statuses              []int    `json:"statuses,omitempty"`
	UnsafeMethods         string   `json:"unsafe_methods,omitempty"`
	Safe                  []string `json:"safe,omitempty"`
	IdempotencyKey        string   `json:"idempotency_key,omitempty"`
}

// RateLimit says how the API limits its callers.
type RateLimit struct {
	Detect             []Condition `json:"detect,omitempty"`
	Wait               []Wait      `json:"wait,omitempty"`
	DefaultWaitSeconds *float64    `json:"default_wait_seconds,omitempty"` // where the answer does not say
	Remaining          *Remaining  `json:"remaining,omitempty"`
	Budget             *Budget     `json:"budget,omitempty"`
}

// A Wait says where an answer tells how long to wait.
type Wait struct {
	Header string     `json:"header,omitempty"`
	Body   string     `json:"body,omitempty"`
	Format string     `json:"format,omitempty"`
	When   *Condition `json:"when,omitempty"` // nil: always
}

// Remaining says where every answer tells how much is left.
type Remaining struct {
	Header string `json:"header"`
	Reset  *Reset `json:"reset,omitempty"`
}

// A Reset says where an answer tells when the count of requests starts anew.
type Reset struct {
	Header string `json:"header"`
	Format string `json:"format,omitempty"`
}

// Wait is r as a place that says how long to wait.
func (r *Reset) Wait() Wait { return Wait{Header: r.Header, Format: r.Format} }

// A Budget is what we allow ourselves before being told.
type Budget struct {
	Requests    float64 `json:"requests,omitempty"`
	PerSeconds  float64 `json:"per_seconds,omitempty"`
	Burst       int     `json:"burst,omitempty"`
	Concurrency int     `json:"concurrency,omitempty"`
	Scope       string  `json:"scope,omitempty"`
}

// Errors says how the API tells what went wrong.
type Errors struct {
	Code      Paths       `json:"code,omitempty"`
	Message   Paths       `json:"message,omitempty"`
	RequestID *RequestID  `json:"request_id,omitempty"`
	Rules     []ErrorRule `json:"rules,omitempty"`
}

// RequestID is where an answer names itself.
type RequestID struct {
	Header string `json:"header,omitempty"`
	Body   string `json:"body,omitempty"`
}

// An ErrorRule gives a matching answer a meaning.
type ErrorRule struct {
	When  Condition `json:"when"`
	Kind  string    `json:"kind,omitempty"`
	Retry *bool     `json:"retry,omitempty"`
}

// Verify is a cheap call that proves the credentials.
type Verify struct {
	Body   any               `json:"body,omitempty"` // sent as JSON
	Method string            `json:"method,omitempty"`
	Params map[string]string `json:"params,omitempty"` // of the query
	Path   string            `json:"path"`
}

// Target is what the call asks for: its path, with its parameters as a query.
func (v *Verify) Target() string {
	if len(v.Params) == 0 {
		return v.Path
	}
	query := url.Values{}
	for name, value := range v.Params {
		query.Set(name, value)
	}
	return v.Path + "?" + query.Encode()
}

// Paths are places in a JSON body, of which the first that holds something counts.
type Paths = OneOrMany[string]

// OneOrMany is a list that may be written as its only element.
type OneOrMany[T comparable] []T

// Has reports whether v is in the list.
func (l OneOrMany[T]) Has(v T) bool { return slices.Contains(l, v) }

// UnmarshalJSON takes an element or a list.
func (l *OneOrMany[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(l))
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*l = OneOrMany[T]{v}
	return nil
}

// MarshalJSON writes a list of one as its element.
func (l OneOrMany[T]) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]T(l))
}
