package sandbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// connectionState is what a TLS server would know of a client with cert.
func connectionState(cert *tls.Certificate) *tls.ConnectionState {
	if cert == nil {
		return nil
	}
	state := &tls.ConnectionState{HandshakeComplete: true, Version: tls.VersionTLS13}
	for _, der := range cert.Certificate {
		if c, err := x509.ParseCertificate(der); err == nil {
			state.PeerCertificates = append(state.PeerCertificates, c)
		}
	}
	return state
}

// Transport plays the providers in the process, under their real URLs. It opens
// no socket and starts no goroutine that outlives a RoundTrip (as long as closing
// the request's body ends a Read of it), so it works under testing/synctest. A request for a host where no provider of m lives is an
// error, never a connection. Faults look as they do on a network: a reset matches
// syscall.ECONNRESET, a truncated body ends with io.ErrUnexpectedEOF, a timeout
// lasts until the request's context ends.
//
// Where two integrations use one provider, [WithIntegration] or
// [IntegrationHeader] decides; without them the sandbox's own tokens or the
// client id in the request do.
func (m *Mux) Transport() http.RoundTripper {
	t := &transport{mux: m}
	for _, p := range m.providers {
		t.routes = append(t.routes, route{p.stage.Integration, p.stage.Places})
	}
	return t
}

type transport struct {
	mux    *Mux
	routes []route
	cert   *tls.Certificate // nil: none is shown
}

// WithCertificate returns a transport that shows cert to the providers. An engine
// asks for it.
func (t *transport) WithCertificate(cert tls.Certificate) http.RoundTripper {
	shown := *t
	shown.cert = &cert
	return &shown
}

// PublicOnly returns t itself: it connects to no host that a request names. An
// engine asks for it.
func (t *transport) PublicOnly() http.RoundTripper { return t }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := checkHeader(r); err != nil {
		closeBody(r)
		return nil, err
	}
	body, err := drain(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := choose(t.routes, r, body)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return played(t.mux.providers[i], r, body, connectionState(t.cert))
}

// checkHeader refuses what a real transport would refuse.
func checkHeader(r *http.Request) error {
	for name, values := range r.Header {
		for _, v := range values {
			if strings.ContainsAny(name, " \r\n\x00:") || strings.ContainsAny(v, "\r\n\x00") {
				return fmt.Errorf("sandbox: invalid header field %q", name)
			}
		}
	}
	return nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// drain reads the request's body and closes it. It gives up when the context
// ends: closing the body sets a reader free that waits.
func drain(ctx context.Context, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	type result struct {
		body []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		b, err := io.ReadAll(r.Body)
		done <- result{b, err}
	}()
	select {
	case got := <-done:
		closeBody(r)
		if got.err == nil && r.ContentLength > 0 && int64(len(got.body)) != r.ContentLength {
			got.err = fmt.Errorf("sandbox: ContentLength=%d with Body length %d", r.ContentLength, len(got.body))
		}
		return got.body, got.err
	case <-ctx.Done():
		closeBody(r)
		return nil, context.Cause(ctx)
	}
}

// played asks a provider in the caller's goroutine.
func played(p *Provider, r *http.Request, body []byte, state *tls.ConnectionState) (resp *http.Response, err error) {
	in := r.Clone(r.Context())
	in.Host, in.RequestURI, in.RemoteAddr = message.HostOf(r), r.URL.RequestURI(), "127.0.0.1:0"
	in.URL.Scheme, in.URL.Host, in.URL.User = "", "", nil
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	in.Header.Del(IntegrationHeader)
	in.Header.Del(message.CertificateHeader)
	in.TLS = state
	in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	rec := &recorder{header: http.Header{}}
	defer func() {
		if e := recover(); e == http.ErrAbortHandler {
			resp, err = rec.broken(r)
		} else if e != nil {
			panic(e)
		}
	}()
	p.ServeHTTP(rec, in)
	return rec.response(r, false), nil
}

// A recorder is a ResponseWriter that keeps everything.
type recorder struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// broken is what a client sees of an answer that broke off.
func (w *recorder) broken(r *http.Request) (*http.Response, error) {
	switch {
	case r.Context().Err() != nil:
		return nil, context.Cause(r.Context())
	case w.status == 0:
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return w.response(r, true), nil
}

func (w *recorder) response(r *http.Request, broken bool) *http.Response {
	w.WriteHeader(http.StatusOK)
	resp := &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: int64(w.body.Len()), Request: r,
	}
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		resp.ContentLength = n
	}
	if r.Method == http.MethodHead {
		resp.Body = http.NoBody
		return resp
	}
	resp.Body = &playedBody{ctx: r.Context(), rest: w.body.Bytes(), broken: broken}
	return resp
}

// A playedBody is an answer's body. It ends with the request's context, as a real
// one does.
type playedBody struct {
	ctx    context.Context
	rest   []byte
	broken bool
	closed bool
}

func (b *playedBody) Read(into []byte) (int, error) {
	switch {
	case b.closed:
		return 0, http.ErrBodyReadAfterClose
	case b.ctx.Err() != nil:
		return 0, context.Cause(b.ctx)
	case len(b.rest) == 0 && b.broken:
		return 0, io.ErrUnexpectedEOF
	case len(b.rest) == 0:
		return 0, io.EOF
	}
	n := copy(into, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *playedBody) Close() error {
	b.closed = true
	return nil
}
