package discovery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxDoc is the largest document that is read.
const maxDoc = 64 << 10

// Errors of documents.
var (
	errTooLarge = errors.New("it is larger than 64 KiB")
	errNotJSON  = errors.New("it is not a JSON object")
)

// An UnreachableError says that there was no answer, or none that ended.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return "no answer" }

// Unwrap returns the cause, which may quote a URL.
func (e *UnreachableError) Unwrap() error { return e.Err }

// An Answer is a document, or the status that stands in for one.
type Answer struct {
	Status int
	Header http.Header
	Doc    Doc // of a success
}

// Get asks for a document. The error is an [*UnreachableError], or says what is wrong
// with the document of a success.
func Get(ctx context.Context, client *http.Client, url string) (*Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, errors.New("its URL cannot be read")
	}
	return do(client, r)
}

func do(client *http.Client, r *http.Request) (*Answer, error) {
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "nango-lite")
	resp, err := client.Do(r)
	if err != nil {
		return nil, &UnreachableError{err}
	}
	defer func() { _ = resp.Body.Close() }()
	a := &Answer{Status: resp.StatusCode, Header: resp.Header}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDoc+1))
	success := a.Status >= 200 && a.Status <= 299
	switch {
	case err != nil && success:
		return a, &UnreachableError{err}
	case len(body) > maxDoc && success:
		return a, errTooLarge
	}
	a.Doc, err = decode(body)
	if !success {
		err = nil
	}
	return a, err
}

// decode reads a JSON object and nothing behind it.
func decode(body []byte) (Doc, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))) // RFC 8259 8.1
	var doc Doc
	if err := d.Decode(&doc); err != nil || doc == nil {
		return nil, errNotJSON
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errNotJSON
	}
	return doc, nil
}

// Fresh returns how long an answer may be used again, atMost if it does not say (RFC
// 9111 5.2).
func Fresh(h http.Header, atMost time.Duration) time.Duration {
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			if n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				atMost = min(atMost, time.Duration(n)*time.Second)
			}
		}
	}
	return atMost
}

// Ask makes the request of a stranger at a resource and returns the answer's status
// and header. With POST it is the first message of MCP: some servers have no GET.
func Ask(ctx context.Context, client *http.Client, method, url string) (*Answer, error) {
	const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"nango-lite","version":"0"}}}`
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(hello)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, errors.New("its URL cannot be read")
	}
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("User-Agent", "nango-lite")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, &UnreachableError{err}
	}
	_ = resp.Body.Close()
	return &Answer{Status: resp.StatusCode, Header: resp.Header}, nil
}
