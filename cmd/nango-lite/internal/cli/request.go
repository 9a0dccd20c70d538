package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
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
	req, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return nil, console.Usagef("the path cannot be read")
	}
	for _, h := range flags.headers {
		name, value, found := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !found || name == "" {
			return nil, console.Usagef("-H wants 'Name: value'")
		}
		req.Header.Add(name, strings.TrimSpace(value))
	}
	return req, c.withFault(req, flags.fault)
}

// withQuery adds name=value pairs to what the path has already.
func withQuery(path string, pairs []string) (string, error) {
	u, err := url.Parse(path)
	if err != nil {
		return "", console.Usagef("the path cannot be read")
	}
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return "", console.Usagef("-q wants name=value")
		}
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += url.QueryEscape(name) + "=" + url.QueryEscape(value)
	}
	return u.String(), nil
}

// body returns what -d says. It is read whole, as curl does, so that an attempt
// can be made again.
func (c caller) body(flags callFlags) (io.Reader, error) {
	name, isFile := strings.CutPrefix(flags.data, "@")
	switch {
	case !flags.hasData:
		return nil, nil
	case !isFile:
		return strings.NewReader(flags.data), nil
	case name == "-":
		b, err := io.ReadAll(c.In)
		if err != nil {
			return nil, fmt.Errorf("read the body from stdin: %w", err)
		}
		return bytes.NewReader(b), nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	return bytes.NewReader(b), nil
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
	b, err := io.ReadAll(body)
	kind := "application/x-www-form-urlencoded"
	if err == nil && json.Valid(b) {
		kind = "application/json"
	}
	req.Header.Set("Content-Type", kind)
}
