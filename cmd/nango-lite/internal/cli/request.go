package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/schema"
)

// request builds the request of a call from [METHOD] <path> and the flags.
func (c caller) request(ctx context.Context, args []string, flags callFlags) (*http.Request, error) {
	method, path := http.MethodGet, args[0]
	if flags.hasData {
		method = http.MethodPost
	}
	if len(args) == 2 {
		method, path = strings.ToUpper(args[0]), args[1] // wantsCall has looked at it
	}
	u, err := withQuery(path, flags.query)
	if err != nil {
		return nil, err
	}
	body, err := c.body(flags)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u, nil)
	if err != nil {
		return nil, console.Usagef("the path cannot be read")
	}
	if err := body.giveTo(req); err != nil {
		return nil, err
	}
	for _, h := range flags.headers {
		name, value, found := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !found || name == "" {
			return nil, console.Usagef("-H wants 'Name: value'")
		}
		value = strings.TrimSpace(value)
		switch {
		case !isHeaderName(name), strings.ContainsFunc(value, isControl):
			return nil, console.Usagef("-H %q cannot be sent: a name holds letters, digits and marks such as -, a value no control characters", name)
		case slices.Contains(ofTheRequest, http.CanonicalHeaderKey(name)):
			return nil, console.Usagef("-H %s cannot be chosen: it follows from base_url and the body", http.CanonicalHeaderKey(name))
		default:
			req.Header.Add(name, value)
		}
	}
	return req, c.withFault(req, flags.fault)
}

// ofTheRequest are headers that net/http writes by itself, whatever stands there.
var ofTheRequest = []string{"Host", "Content-Length", "Transfer-Encoding", "Trailer"}

// isHeaderName reports whether name is a token (RFC 9110 5.6.2).
func isHeaderName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func isControl(r rune) bool { return r != '\t' && (r < ' ' || r == 0x7f) }

// asTyped escapes what no request target holds, such as spaces and letters that are not
// ASCII, and leaves the escapes that are there alone: %2F is no slash.
func asTyped(path string) string {
	var out strings.Builder
	for i := range len(path) {
		if b := path[i]; b <= ' ' || b >= 0x7f || strings.IndexByte("\"<>^`{|}", b) >= 0 {
			fmt.Fprintf(&out, "%%%02X", b)
		} else {
			out.WriteByte(b)
		}
	}
	return out.String()
}

// inQuery escapes a name or a value; a space is %20, which every server reads.
func inQuery(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// withQuery adds name=value pairs to what the path has already.
func withQuery(path string, pairs []string) (string, error) {
	u, err := url.Parse(asTyped(path))
	if err != nil {
		return "", console.Usagef("the path cannot be read")
	}
	if u.Fragment != "" || strings.Contains(path, "#") {
		return "", console.Usagef("the path has a fragment, which is not sent to a server; write %%23 for a # that belongs to the path")
	}
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return "", console.Usagef("-q wants name=value")
		}
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += inQuery(name) + "=" + inQuery(value)
	}
	return u.String(), nil
}

// body returns what -d says. A file is not read into memory: each attempt opens it
// anew. What cannot be read twice is kept, so that an attempt can be made again.
func (c caller) body(flags callFlags) (content, error) {
	name, isFile := strings.CutPrefix(flags.data, "@")
	switch {
	case !flags.hasData:
		return content{}, nil
	case !isFile:
		return inMemory([]byte(flags.data)), nil
	case name == "-":
		b, err := io.ReadAll(c.In)
		if err != nil {
			return content{}, fmt.Errorf("read the body from stdin: %w", err)
		}
		return inMemory(b), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return content{}, fmt.Errorf("read the body: %w", err)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		return content{size: info.Size(), open: func() (io.ReadCloser, error) { return os.Open(name) }}, nil
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return content{}, fmt.Errorf("read the body: %w", err)
	}
	return inMemory(b), nil
}

// A content is a body that can be opened again and again.
type content struct {
	size int64
	open func() (io.ReadCloser, error) // nil: there is none
}

func inMemory(b []byte) content {
	return content{int64(len(b)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// giveTo makes it the body of a request.
func (b content) giveTo(req *http.Request) error {
	if b.open == nil {
		return nil
	}
	body, err := b.open()
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	req.Body, req.GetBody, req.ContentLength = body, b.open, b.size
	if b.size == 0 {
		_ = body.Close()
		req.Body, req.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
	}
	return nil
}

// contentType says what a body is where neither -H nor the integration does:
// JSON if it reads as JSON, else a form, as with curl.
func contentType(req *http.Request, in *schema.Integration) {
	if req.GetBody == nil || req.Header.Get("Content-Type") != "" {
		return
	}
	for name := range in.Requests.Headers {
		if strings.EqualFold(name, "Content-Type") {
			return
		}
	}
	body, err := req.GetBody()
	if err != nil {
		return
	}
	defer func() { _ = body.Close() }()
	kind := "application/x-www-form-urlencoded"
	if isOneJSON(body) {
		kind = "application/json"
	}
	req.Header.Set("Content-Type", kind)
}

// isOneJSON reports whether what r holds is one value in JSON. It is read piece by
// piece, however long it is.
func isOneJSON(r io.Reader) bool {
	d := json.NewDecoder(r)
	d.UseNumber()
	depth := 0
	for n := 0; ; n++ {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF) && n > 0 && depth == 0
		}
		if n > 0 && depth == 0 {
			return false // another value
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}
