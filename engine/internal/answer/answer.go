// Package answer reads what an API's answer says about itself: its JSON body,
// as far as a rule asks for it, and how long it asks us to wait. Start with
// [JSON] and [Wait].
package answer

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/xmldoc"
)

// Most is how much of a body is looked into.
const Most = 64 << 10

// JSON returns the decoded body of resp, or nil if it is neither JSON nor XML, or
// longer than [Most]. Of XML it is what stands below the root. The body can be read as if nothing had happened, and a second look is
// free. Numbers are json.Number.
func JSON(resp *http.Response) any {
	p, ok := resp.Body.(*peeked)
	if !ok {
		if resp.Body == nil || resp.ContentLength > Most || !isDocument(resp) {
			return nil
		}
		p = peek(resp.Body)
		resp.Body = p
	}
	if !p.decoded {
		p.decoded = true
		p.doc = decode(resp, p.data)
	}
	return p.doc
}

// isDocument reports whether the body says it is one document of JSON or XML. Text and the
// unlabelled get the benefit of the doubt; streams do not.
func isDocument(resp *http.Response) bool {
	if resp.Header.Get("Content-Encoding") != "" {
		return false
	}
	given := resp.Header.Get("Content-Type")
	if given == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(given)
	return err == nil && (strings.HasSuffix(kind, "/json") || strings.HasSuffix(kind, "+json") && !strings.Contains(kind, "stream") ||
		kind == "text/plain" || kind == "text/javascript" || isXML(kind))
}

// IsProblem reports whether resp is a problem document (RFC 9457).
func IsProblem(resp *http.Response) bool {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/problem+json")
}

// isXML reports whether kind is a document of XML, pages of HTML aside.
func isXML(kind string) bool {
	return kind == "text/xml" || kind == "application/xml" || strings.HasSuffix(kind, "+xml") && kind != "application/xhtml+xml"
}

// decode decodes one document, or returns nil.
func decode(resp *http.Response, data []byte) any {
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil && isXML(kind) {
		if doc, err := xmldoc.Decode(data); err == nil {
			return doc
		}
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var doc any
	if d.Decode(&doc) != nil || d.More() {
		return nil
	}
	return doc
}

// peeked is a body whose beginning has been read.
type peeked struct {
	data    []byte // as read from the body, whole or its first part
	unread  []byte // what of data has not been read from here
	err     error  // what ended reading; nil if there is more
	rest    io.ReadCloser
	doc     any
	decoded bool
}

func peek(body io.ReadCloser) *peeked {
	var b bytes.Buffer
	_, err := io.CopyN(&b, body, Most+1)
	p := &peeked{data: b.Bytes(), unread: b.Bytes(), err: err, rest: body}
	if err != io.EOF { // longer, or broken
		p.decoded = true
	}
	return p
}

func (p *peeked) Read(b []byte) (int, error) {
	if len(p.unread) > 0 {
		n := copy(b, p.unread)
		p.unread = p.unread[n:]
		return n, nil
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.rest.Read(b)
}

func (p *peeked) Close() error { return p.rest.Close() }
