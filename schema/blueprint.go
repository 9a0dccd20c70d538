package schema

// A Blueprint is a catalog entry: how to authorise and call one API.
type Blueprint struct {
	Format      int                 `json:"format"`
	Name        string              `json:"name"`
	DisplayName string              `json:"display_name"`
	Maintainer  string              `json:"maintainer"`
	DocsURL     string              `json:"docs_url,omitempty"`
	AppURL      string              `json:"app_url,omitempty"`
	Categories  []string            `json:"categories,omitempty"`
	Versions    map[string]*Version `json:"versions"`
}

// A Version is one version of a blueprint. One that the loader's catalog
// returns has what it extends merged in.
type Version struct {
	Comment     string                     `json:"comment,omitempty"`
	Status      string                     `json:"status,omitempty"`
	Successor   string                     `json:"successor,omitempty"`
	Sunset      string                     `json:"sunset,omitempty"` // year-month-day
	Extends     string                     `json:"extends,omitempty"`
	Auth        Auth                       `json:"auth"`
	Credentials map[string]Field           `json:"credentials,omitempty"`
	Connection  map[string]ConnectionField `json:"connection,omitempty"`
	Requests    Requests                   `json:"requests"`
	Operations  map[string]*Operation      `json:"operations,omitempty"`
	Samples     []Sample                   `json:"samples,omitempty"`
	Notes       []Note                     `json:"notes,omitempty"`

	// The order in which fields were declared; see [Version.ConnectionNames].
	ConnectionOrder []string `json:"-"`
	CredentialOrder []string `json:"-"`
}

// Kinds of samples.
const (
	SampleAPI         = "api"
	SampleError       = "error"
	SampleRateLimited = "rate_limited"
	SampleToken       = "token"
	SampleTokenError  = "token_error"
	SampleLookUp      = "look_up"
)

// A Sample is a request and its documented answer, with invented data.
type Sample struct {
	Kind     string         `json:"kind,omitempty"` // empty means api
	Request  *SampleRequest `json:"request,omitempty"`
	Response SampleResponse `json:"response"`
	DocsURL  string         `json:"docs_url,omitempty"`
}

// A SampleRequest is what is asked.
type SampleRequest struct {
	Method string            `json:"method,omitempty"` // empty means GET
	Path   string            `json:"path"`             // below base_url; {name} stands for one segment
	Query  map[string]string `json:"query,omitempty"`
	Body   any               `json:"body,omitempty"`
}

// A SampleResponse is what is answered.
type SampleResponse struct {
	Status  int               `json:"status,omitempty"` // 0 means 200
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"` // a string as it is, anything else as JSON
}

// A Note is a field note.
type Note struct {
	Text    string     `json:"text"`
	DocsURL string     `json:"docs_url,omitempty"`
	Key     string     `json:"key,omitempty"`
	When    *Condition `json:"when,omitempty"`
}
