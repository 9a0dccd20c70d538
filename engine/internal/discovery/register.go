package discovery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// Methods of client authentication (RFC 7591 2).
const (
	MethodNone  = "none"
	MethodBasic = "client_secret_basic"
	MethodPost  = "client_secret_post"
)

// A Request is what we register as (RFC 7591 2).
type Request struct {
	Name, URI, Redirect, Method string
}

// A Client is what a server registered us as (RFC 7591 3.2.1).
type Client struct {
	ID, Secret, Method string
	Expires            time.Time // of the secret; zero: never
}

// Register asks endpoint for a client. With an answer and no client, the server
// refused, and Code says why. The other errors are as those of [Get].
func Register(ctx context.Context, client *http.Client, endpoint string, as Request) (*Client, *Answer, error) {
	body, _ := json.Marshal(as.metadata()) // texts always marshal
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, nil, errors.New("its URL cannot be read")
	}
	r.Header.Set("Content-Type", "application/json")
	a, err := do(client, r)
	if err != nil || a.Status != http.StatusCreated && a.Status != http.StatusOK {
		return nil, a, err
	}
	c, err := ReadClient(a.Doc, as)
	return c, a, err
}

// Code returns the error code of a refusal, or "".
func (a *Answer) Code() string { return a.Doc.text("error") }

// Words returns what a refusal says to a person, or "" (RFC 7591 3.2.2).
func (a *Answer) Words() string { return a.Doc.text("error_description") }

func (as Request) metadata() map[string]any {
	m := map[string]any{
		"client_name":                as.Name,
		"redirect_uris":              []string{as.Redirect},
		"grant_types":                []string{"authorization_code", "refresh_token"},
		"response_types":             []string{"code"},
		"token_endpoint_auth_method": as.Method,
		"application_type":           "web",
	}
	// OpenID providers take a redirect to this machine from native programs alone.
	if u, err := url.Parse(as.Redirect); err == nil && (schema.IsLoopback(u.Hostname()) || u.Scheme != "https" && u.Scheme != "http") {
		m["application_type"] = "native"
	}
	if as.URI != "" {
		m["client_uri"] = as.URI
	}
	return m
}

// ReadClient reads the answer to a registration. The client must be one that the
// code can come back to.
func ReadClient(d Doc, as Request) (*Client, error) {
	c := &Client{ID: d.text("client_id"), Secret: d.text("client_secret"), Method: d.text("token_endpoint_auth_method")}
	switch {
	case c.ID == "":
		return nil, errors.New("there is no client_id in it (RFC 7591 3.2.1)")
	case !slices.Contains(d.list("redirect_uris"), as.Redirect):
		return nil, errors.New("its redirect_uris do not hold the one that was asked for (RFC 7591 3.2.1)")
	}
	switch {
	case c.Method != "":
	case c.Secret != "":
		c.Method = MethodBasic // what a missing member means (RFC 7591 2), whatever was asked for (3.2.1)
	default:
		c.Method = as.Method
	}
	switch {
	case c.Method == MethodNone:
		c.Secret = ""
	case c.Method != MethodBasic && c.Method != MethodPost:
		return nil, errors.New("its token_endpoint_auth_method is not one that was asked for")
	case c.Secret == "":
		return nil, errors.New("there is no client_secret in it (RFC 7591 3.2.1)")
	}
	if n, err := strconv.ParseFloat(string(d["client_secret_expires_at"]), 64); err == nil && n >= 1 && n < 1e11 && c.Secret != "" {
		c.Expires = time.Unix(int64(n), 0).UTC()
	}
	return c, nil
}

// Method returns how a client that registers authenticates, of what a server takes:
// with nothing if it can, for a program that anybody runs keeps no secret. No list
// means Basic (RFC 8414 2). It returns "" if the server takes none that we know.
func (s *Server) Method(secret bool) string {
	methods := s.AuthMethods
	if methods == nil {
		methods = []string{MethodBasic}
	}
	ours := []string{MethodNone, MethodBasic, MethodPost}
	if secret {
		ours = ours[1:]
	}
	for _, m := range ours {
		if slices.Contains(methods, m) {
			return m
		}
	}
	return ""
}
