// Package answer reads what an API's answer says about itself: its JSON body,
// as far as a rule asks for it, and how long it asks us to wait. Start with
// [JSON] and [Wait].
package answer

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/internal/media"
	"github.com/nango-lite/nango-lite/internal/xmldoc"
)

// Most is how much of a body is looked into.
const Most = 1 << 20

// JSON returns the decoded body of resp, or nil if it is neither JSON nor XML, or
// longer than [Most]. Of XML it is what stands below the root. Whoever asks has declared
// something about the body, so that what it says counts and not how it is labelled:
// caches call JSON a page, and others bytes. The body can be read as if nothing had
// happened, and a second look is free. Numbers are json.Number.
func JSON(resp *http.Response) any {
	p, ok := resp.Body.(*peeked)
	if !ok {
		if resp.Body == nil || !mayBeDocument(resp) {
			return nil
		}
		p = peek(resp)
		resp.Body = p
	}
	if !p.decoded {
		p.decoded = true
		p.doc = decode(resp, p.data)
	}
	return p.doc
}

// mostText is the longest plain text that is looked into: those that mean something are a
// sentence.
const mostText = 4 << 10

// Text returns the body of resp if it is a short plain text and no document; false if it is
// not. It is meant for failures, since the text is waited for. As with [JSON], the body can
// be read as if nothing had happened.
func Text(resp *http.Response) (string, bool) {
	if kind := media.Of(resp.Header.Get("Content-Type")); JSON(resp) != nil || kind != "" && kind != "text/plain" {
		return "", false
	}
	p, ok := resp.Body.(*peeked)
	if !ok || isGzip(resp) {
		return "", false
	}
	if more := mostText + 1 - len(p.data); p.err == nil && more > 0 && len(p.unread) == len(p.data) {
		b := bytes.NewBuffer(p.data)
		Within(p.rest, Bound{}, func() { _, p.err = io.CopyN(b, p.rest, int64(more)) })
		p.data, p.unread = b.Bytes(), b.Bytes()
	}
	return string(p.data), p.err == io.EOF && len(p.data) <= mostText
}

// Unseen says why declared rules have not seen a body that they ask about, or "". It is
// meant for who has called [JSON].
func Unseen(resp *http.Response) string {
	p, ok := resp.Body.(*peeked)
	switch {
	case coding(resp) != "" && !isGzip(resp):
		return "the body is in a Content-Encoding that is not undone here"
	case ok && p.long, resp.ContentLength > Most && media.IsJSON(media.Of(resp.Header.Get("Content-Type"))):
		return "the body is longer than 1 MiB"
	}
	return ""
}

// mayBeDocument reports whether a body can be one document of JSON or XML: streams are
// none, and neither is what is coded in a way that is not undone here.
func mayBeDocument(resp *http.Response) bool {
	kind := media.Of(resp.Header.Get("Content-Type"))
	return !media.IsStream(kind) && (coding(resp) == "" || isGzip(resp))
}

// coding returns the coding of a body that the transport has not undone, which it does
// unless somebody asks for one by a header of his own (RFC 9110 8.4).
func coding(resp *http.Response) string {
	c := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	if c == "identity" {
		return ""
	}
	return c
}

func isGzip(resp *http.Response) bool {
	c := coding(resp)
	return c == "gzip" || c == "x-gzip"
}

// Decoded returns the body of resp with its Content-Encoding undone. It fails if that is
// one that is not known here.
func Decoded(resp *http.Response) (io.Reader, error) {
	switch {
	case coding(resp) == "":
		return resp.Body, nil
	case isGzip(resp):
		return gzip.NewReader(resp.Body)
	}
	return nil, errors.New("the body is in a Content-Encoding that is not undone here")
}

// IsProblem reports whether resp is a problem document (RFC 9457).
func IsProblem(resp *http.Response) bool {
	return media.Of(resp.Header.Get("Content-Type")) == "application/problem+json"
}

// decode decodes one document, or returns nil.
func decode(resp *http.Response, data []byte) any {
	if isGzip(resp) {
		if data = gunzip(data); data == nil {
			return nil
		}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // RFC 8259 8.1
	if media.IsXML(media.Of(resp.Header.Get("Content-Type"))) {
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

// gunzip returns at most [Most] bytes, or nil.
func gunzip(data []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(io.LimitReader(z, Most+1))
	if err != nil || len(plain) > Most {
		return nil
	}
	return plain
}

// peeked is a body whose beginning has been read.
type peeked struct {
	data    []byte // as read from the body, whole or its first part
	unread  []byte // what of data has not been read from here
	err     error  // what ended reading; nil if there is more
	rest    io.ReadCloser
	doc     any
	decoded bool
	long    bool // longer than Most, and a document as far as one can see
}

// peek reads the body of resp: of what is not labelled as a document no more than shows
// whether it is one, so that a download is not held up.
func peek(resp *http.Response) *peeked {
	var b bytes.Buffer
	p := &peeked{rest: resp.Body}
	if resp.ContentLength > Most {
		p.decoded, p.long = true, media.IsJSON(media.Of(resp.Header.Get("Content-Type")))
		return p
	}
	Within(resp.Body, Bound{}, func() { p.fill(&b, resp) })
	p.long = p.err == nil && !p.decoded
	p.data, p.unread = b.Bytes(), b.Bytes()
	if p.err != io.EOF { // longer, or broken
		p.decoded = true
	}
	return p
}

// fill reads as much as is looked into.
func (p *peeked) fill(b *bytes.Buffer, resp *http.Response) {
	for p.err == nil && !isGzip(resp) && !begins(b.Bytes()) {
		_, p.err = io.CopyN(b, resp.Body, 1)
	}
	if !isGzip(resp) && !looksLike(media.Of(resp.Header.Get("Content-Type")), b.Bytes()) {
		p.decoded = true
	}
	for _, most := range []int{first, Most + 1} {
		if p.err == nil && !p.decoded {
			b.Grow(most + bytes.MinRead - b.Len()) // once, and not by doubling
			_, p.err = io.CopyN(b, resp.Body, int64(most-b.Len()))
		}
	}
}

// first is how much of a document is read at first: most are shorter.
const first = 64 << 10

// looksLike reports whether text may begin a document of a media type. What is not
// labelled as one must be an object or a list.
func looksLike(kind string, text []byte) bool {
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(text) == 0:
		return false
	case media.IsXML(kind):
		return text[0] == '<'
	case kind == "", kind == "text/plain", media.IsJSON(kind):
		return strings.IndexByte(`{["-0123456789tfn`, text[0]) >= 0
	}
	return text[0] == '{' || text[0] == '['
}

// begins reports whether text has come to something that is neither space nor a byte
// order mark, or is not going to.
func begins(text []byte) bool {
	if bom := "\ufeff"; len(text) < len(bom) && strings.HasPrefix(bom, string(text)) {
		return false
	}
	return len(text) >= 1024 || len(bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\ufeff")), " \t\r\n")) > 0
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

// Within implements [Bounded].
func (p *peeked) Within(b Bound, read func()) { Within(p.rest, b, read) }
