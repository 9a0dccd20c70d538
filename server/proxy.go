package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// maxReplayed is the largest body that is kept until its answer is there, so that it
// can be sent again after a refresh or a rate limit. Larger ones, and those whose
// length nobody says, are passed on as they come, once.
const maxReplayed = 64 << 10

// A call is a request to an API, on its way through the proxy.
type call struct {
	key        engine.Key
	base       string // of the caller's own choice; empty: the integration's
	path       string // as the caller wrote it, encoded
	header     http.Header
	retries    retryOn
	decompress bool
}

// callByPath serves /c/{integration}/{connection}/…: a base URL that a provider's own
// client can be pointed at, with an API key in the place of the provider's token.
func (s *Server) callByPath(x *exchange, path string) {
	key, shown, err := s.keyInPlace(x.r)
	if key == nil && err == nil && shown == "" {
		x.refuse("missing_auth_header", "the API key is missing; it stands where the provider's token would")
		return
	}
	ring := s.admit(x, key, err, ScopeProxy)
	if ring == nil {
		return
	}
	k, rest, ok := splitPath(path)
	if !ok {
		x.fail(http.StatusBadRequest, "invalid_uri_params", "the path must be /c/{integration}/{connection}/…, with %2F for a slash in a connection's id")
		return
	}
	if strings.Contains(x.r.URL.RawQuery, shown) || strings.Contains(rest, shown) {
		x.fail(http.StatusBadRequest, "invalid_uri_params", "the API key must not stand in the URL as well: the provider would get it")
		return
	}
	x.conn = k
	if s.reach(x, ring, k) {
		s.pass(x, call{key: k, path: rest, header: endToEnd(x.r.Header, shown)})
	}
}

// splitPath reads /c/{integration}/{connection}/rest. What follows keeps the spelling
// of the caller.
func splitPath(path string) (k engine.Key, rest string, ok bool) {
	integration, path, _ := strings.Cut(strings.TrimPrefix(path, "/c/"), "/")
	id, rest, slash := strings.Cut(path, "/")
	if slash {
		rest = "/" + rest
	}
	var errName, errID error
	k.Integration, errName = url.PathUnescape(integration)
	k.ConnectionID, errID = url.PathUnescape(id)
	return k, rest, errName == nil && errID == nil && k.Check() == nil
}

// callByHeader serves /proxy/…, as Nango's clients speak it.
func (s *Server) callByHeader(x *exchange, path string) {
	ring := s.caller(x, ScopeProxy)
	if ring == nil {
		return
	}
	c, err := callOf(x.r.Header)
	if err != nil {
		x.fail(http.StatusBadRequest, "invalid_headers", err.Error())
		return
	}
	c.path, x.conn = path, c.key
	if s.reach(x, ring, c.key) {
		s.pass(x, c)
	}
}

// pass sends the call on and its answer back.
func (s *Server) pass(x *exchange, c call) {
	switch {
	case x.r.Method == http.MethodTrace:
		x.fail(http.StatusMethodNotAllowed, "method_not_allowed", "TRACE is not passed on, for it shows the credentials")
		return
	case wantsWebSocket(x.r.Header):
		x.fail(http.StatusNotImplemented, "websocket_unsupported", "WebSockets are not passed on; GET /connections/{id} gives a token for a connection of your own")
		return
	}
	client, err := s.engine.Client(c.key)
	if err != nil {
		x.failed(err)
		return
	}
	r, err := s.request(x, c)
	if err != nil {
		x.fail(http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	resp, err := c.retries.do(client, r)
	if err != nil {
		var refused *engine.Error
		if c.base != "" && errors.As(err, &refused) && refused.Kind == engine.KindUnsupported {
			x.fail(http.StatusBadRequest, "base_url_override_not_allowed", "Base-Url-Override must lie at the integration's base_url or below it: "+refused.Detail)
			return
		}
		x.failed(err)
		return
	}
	defer resp.Body.Close()
	s.answer(x, resp)
}

// request makes the request that the engine gets.
func (s *Server) request(x *exchange, c call) (*http.Request, error) {
	u, err := c.url(x.r.URL)
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method: x.r.Method, URL: u, Header: c.header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(x.r.Context())
	if !c.decompress && r.Header.Get("Accept-Encoding") == "" {
		r.Header.Set("Accept-Encoding", "identity") // else the transport would ask for gzip, and unpack it
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "nango-lite")
	}
	return r, s.body(x, r)
}

var errPath = errors.New("the path is not well encoded")

// url returns where the call goes, below the integration's base URL.
func (c *call) url(asked *url.URL) (*url.URL, error) {
	path, err := url.PathUnescape(c.path)
	if err != nil {
		return nil, errPath
	}
	u := &url.URL{Path: path, RawPath: c.path, RawQuery: asked.RawQuery, ForceQuery: asked.ForceQuery}
	if strings.HasPrefix(path, "//") && c.base == "" {
		return nil, errors.New("the path begins with two slashes")
	}
	if c.base == "" {
		return u, nil
	}
	base, err := url.Parse(c.base)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("Base-Url-Override must be a URL of scheme, host and path")
	}
	whole, err := url.Parse(base.Scheme + "://" + base.Host + strings.TrimSuffix(base.EscapedPath(), "/") + c.path)
	if err != nil {
		return nil, errPath
	}
	whole.RawQuery, whole.ForceQuery = u.RawQuery, u.ForceQuery
	return whole, nil
}

// body gives r the caller's body.
func (s *Server) body(x *exchange, r *http.Request) error {
	in := &patientBody{ReadCloser: x.r.Body, control: http.NewResponseController(x.ResponseWriter), idle: s.opts.IdleTimeout}
	r.ContentLength = x.r.ContentLength
	switch {
	case x.r.ContentLength == 0 || x.r.Body == nil || x.r.Body == http.NoBody:
		r.ContentLength, r.Body = 0, http.NoBody
	case x.r.ContentLength > 0 && x.r.ContentLength <= maxReplayed:
		text := make([]byte, x.r.ContentLength)
		if _, err := io.ReadFull(in, text); err != nil {
			return errors.New("the body broke off")
		}
		in.rest()
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
		r.Body, _ = r.GetBody()
	default:
		// The answer may come while the body is still on its way.
		_ = in.control.EnableFullDuplex()
		r.Body, x.body = in, in
	}
	return nil
}

// A patientBody gives up a body that stops coming.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	whole   atomic.Bool // it was read to its end
}

func (b *patientBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(b.idle))
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.whole.Store(true)
		b.rest()
	} // else the limit stays, or net/http would wait for the rest without one
	return n, err
}

// rest takes the limit away: from now on, silence is in order.
func (b *patientBody) rest() { _ = b.control.SetReadDeadline(time.Time{}) }

// buffers are what bodies are copied with, so that a call costs the same memory
// whatever its size.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// answer passes the provider's answer back, as it comes.
func (s *Server) answer(x *exchange, resp *http.Response) {
	if resp.StatusCode < 200 {
		x.fail(http.StatusBadGateway, "invalid_response", "the provider switches protocols, which nobody asked for")
		return
	}
	h := x.Header()
	passBack(h, resp.Header)
	for name := range resp.Trailer {
		h.Add("Trailer", name)
	}
	x.WriteHeader(resp.StatusCode)
	control := http.NewResponseController(x.ResponseWriter)
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	if err := s.copy(x, control, resp); err != nil {
		x.code = "broken_off"
		panic(http.ErrAbortHandler) // so that the caller sees that something is missing
	}
	for name, values := range resp.Trailer {
		h[http.TrailerPrefix+name] = values
		h.Del(name)
	}
}

// copy returns an error if the provider's body broke off, or the caller has left.
func (s *Server) copy(x *exchange, control *http.ResponseController, resp *http.Response) error {
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	live := resp.ContentLength < 0 // an event stream, or whatever is made as it is sent
	if live {
		_ = control.Flush()
	}
	for {
		n, err := resp.Body.Read(buffer[:])
		if n > 0 {
			_ = control.SetWriteDeadline(time.Now().Add(s.opts.IdleTimeout))
			if _, err := x.Write(buffer[:n]); err != nil {
				return err
			}
			if live && control.Flush() != nil {
				return io.ErrClosedPipe
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
