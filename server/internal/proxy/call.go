package proxy

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
)

// A call is a request to an API, on its way through the proxy.
type call struct {
	key        engine.Key
	base       string // the base URL that the caller wants; empty: the integration's
	path       string // as the caller wrote it, encoded
	header     http.Header
	retries    retryOn
	decompress bool
}

// splitPath reads /c/{integration}/{connection}/rest. The rest stays encoded as the caller
// has encoded it.
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

// proxyPrefix begins the names of headers that Nango's clients want to go to the provider.
const proxyPrefix = "Nango-Proxy-"

// callOf reads the headers of /proxy/. To the provider go those that begin with
// Nango-Proxy-, and those that say how the body is encoded.
func callOf(h http.Header) (call, error) {
	c := call{
		key:  engine.Key{Integration: h.Get("Provider-Config-Key"), ConnectionID: h.Get("Connection-Id")},
		base: strings.TrimSpace(h.Get("Base-Url-Override")), header: http.Header{},
		decompress: h.Get("Decompress") == "true",
	}
	switch {
	case c.key.Integration == "":
		return c, errors.New("the header Provider-Config-Key is missing; it names the integration")
	case c.key.ConnectionID == "":
		return c, errors.New("the header Connection-Id is missing")
	case c.key.Check() != nil:
		return c, errors.New("Provider-Config-Key and Connection-Id name nothing that can be a connection")
	}
	for _, name := range []string{"Content-Type", "Content-Encoding", "Accept-Encoding"} {
		if v := h.Values(name); len(v) > 0 && !(c.decompress && name == "Accept-Encoding") {
			c.header[name] = slices.Clone(v)
		}
	}
	for name, values := range h {
		rest, ok := strings.CutPrefix(name, proxyPrefix)
		if rest = http.CanonicalHeaderKey(rest); ok && rest != "" && !isHopByHop(rest) {
			c.header[rest] = slices.Clone(values)
		}
	}
	var err error
	c.retries, err = retryOnOf(h)
	return c, err
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
