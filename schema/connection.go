package schema

import (
	"maps"
	"slices"
	"strings"
)

// A Field is a value that a user types.
type Field struct {
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Format      string   `json:"format,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Example     string   `json:"example,omitempty"`
	Optional    bool     `json:"optional,omitempty"`
	Secret      bool     `json:"secret,omitempty"`
	Default     string   `json:"default,omitempty"`
}

// Where a connection field comes from.
const (
	FromUser          = "user"
	FromCallback      = "callback"
	FromTokenResponse = "token_response"
	FromRequest       = "request" // looked up once the connection has its credentials
)

// A ConnectionField is a value that a connection carries beside credentials.
type ConnectionField struct {
	From    string   `json:"from"`
	Path    string   `json:"path,omitempty"`    // default: the field's name
	Request *LookUp  `json:"request,omitempty"` // FromRequest
	List    *Choices `json:"list,omitempty"`    // FromRequest; nil: the answer holds one value, at Path
	Field
}

// IsChoice reports whether the field is one of a list that is looked up.
func (f *ConnectionField) IsChoice() bool { return f.From == FromRequest && f.List != nil }

// A LookUp is the request whose answer holds a connection field, or the list of
// what it may be. It has a URL or a Path.
type LookUp struct {
	Method     string            `json:"method,omitempty"` // empty means GET
	URL        string            `json:"url,omitempty"`
	Path       string            `json:"path,omitempty"` // below base_url
	Params     map[string]string `json:"params,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	BodyFormat string            `json:"body_format,omitempty"`
}

// Choices say where an answer holds the values that there are to choose from.
type Choices struct {
	Items string         `json:"items,omitempty"` // empty: the answer is the list
	Value string         `json:"value"`           // path in an item
	Title string         `json:"title,omitempty"` // path in an item; empty: the value
	When  map[string]any `json:"when,omitempty"`  // as in [Condition.Body]
}

// AtBase reports whether a look-up goes to the origin of baseURL as that is
// written, so that what every call there has goes along.
func (l *LookUp) AtBase(baseURL string) bool {
	return l.Path != "" || originText(l.URL) == originText(baseURL)
}

func originText(rawURL string) string {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok { // a placeholder for a whole origin, and perhaps a path
		rest, scheme = rawURL, ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return scheme + "://" + rest
}

// LookUps returns the names of the fields that are looked up, each after those that
// it needs. What every call of the API has is looked up early, so that it can go
// along. If some need each other, cycle holds their names, and order is without
// them.
func LookUps(connection map[string]ConnectionField, r *Requests) (order, cycle []string) {
	left := map[string][]string{} // to what they need
	for name, f := range connection {
		if f.From == FromRequest && f.Request != nil {
			left[name] = lookUpNeeds(connection, &f, r)
		}
	}
	everywhere := map[string]bool{}
	for _, m := range []map[string]string{r.Headers, r.Params, r.Body} {
		for _, text := range m {
			for _, name := range lookedUp(connection, text) {
				everywhere[name] = true
			}
		}
	}
	for len(left) > 0 {
		next := ""
		for _, name := range slices.Sorted(maps.Keys(left)) {
			waits := slices.ContainsFunc(left[name], func(n string) bool { _, open := left[n]; return open })
			if !waits && (next == "" || everywhere[name] && !everywhere[next]) {
				next = name
			}
		}
		if next == "" {
			return order, slices.Sorted(maps.Keys(left))
		}
		order = append(order, next)
		delete(left, next)
	}
	return order, nil
}

// lookUpNeeds returns the fields that must have been looked up before f.
func lookUpNeeds(connection map[string]ConnectionField, f *ConnectionField, r *Requests) []string {
	texts := []string{f.Request.URL, f.Request.Path}
	if f.Request.Path != "" {
		texts = append(texts, r.BaseURL)
	}
	for _, m := range []map[string]string{f.Request.Headers, f.Request.Params} {
		texts = slices.AppendSeq(texts, maps.Values(m))
	}
	var names []string
	for _, text := range texts {
		names = append(names, lookedUp(connection, text)...)
	}
	return names
}

// lookedUp returns the fields in a template that are looked up.
func lookedUp(connection map[string]ConnectionField, text string) (names []string) {
	t, err := ParseTemplate(text)
	if err != nil {
		return nil
	}
	for _, ref := range t.Refs() {
		if name, ok := strings.CutPrefix(ref, "connection."); ok && connection[name].From == FromRequest {
			names = append(names, name)
		}
	}
	return names
}

// ConnectionNames returns the names of the connection fields, in the order in which
// they were declared.
func (i *Integration) ConnectionNames() []string {
	return ordered(i.ConnectionOrder, slices.Sorted(maps.Keys(i.Connection)))
}

// CredentialNames returns the names of the declared credentials, likewise.
func (i *Integration) CredentialNames() []string {
	return ordered(i.CredentialOrder, slices.Sorted(maps.Keys(i.Credentials)))
}

// ConnectionNames returns the names of the connection fields, in the order in which
// they were declared.
func (v *Version) ConnectionNames() []string {
	return ordered(v.ConnectionOrder, slices.Sorted(maps.Keys(v.Connection)))
}

// CredentialNames returns the names of the declared credentials, likewise.
func (v *Version) CredentialNames() []string {
	return ordered(v.CredentialOrder, slices.Sorted(maps.Keys(v.Credentials)))
}

// ordered returns names, those of order first.
func ordered(order, names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range order {
		if slices.Contains(names, name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
