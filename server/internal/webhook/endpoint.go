// Package webhook tells the product what becomes of its connections: that one was made,
// cannot be refreshed, needs its user again, or was removed. Messages wait in the store
// until the product's [Endpoint] takes them, whichever server that is. Start with [Outbox].
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// An Endpoint is where the product wants to be told of its connections: that one was made,
// cannot be refreshed, needs its user again, or was removed.
type Endpoint struct {
	// URL takes a POST for each message. It is the operator's word, so it may lie on a
	// network of the operator's own; redirects are not followed.
	URL string

	// Secret signs: X-Nango-Hmac-Sha256 is the HMAC-SHA256 of the body, in hex, as
	// verifyIncomingWebhookRequest of @nangohq/node wants it. It has 32 characters or
	// more.
	Secret schema.Secret

	// Transport carries the requests. If nil, a copy of http.DefaultTransport does.
	Transport http.RoundTripper
}

// DeliveryHeader is on each webhook; it is the same when a message has to be told again.
const DeliveryHeader = "X-Nango-Lite-Delivery"

// minSecret is how many characters a secret must have, so that nobody guesses it.
const minSecret = 32

// postTimeout is how long one delivery may take.
const postTimeout = 20 * time.Second

// A poster delivers messages to an Endpoint.
type poster struct {
	url    string
	secret schema.Secret
	client *http.Client
}

// posterTo checks an Endpoint.
func posterTo(e *Endpoint) (*poster, error) {
	u, err := url.Parse(e.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("the webhook's URL must be like https://app.example.com/hooks, without a user")
	}
	if n := len(e.Secret.Reveal()); n < minSecret {
		return nil, fmt.Errorf("the webhook's secret has %d characters; it must have %d or more, for who guesses it can tell lies", n, minSecret)
	}
	transport := e.Transport
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return &poster{url: e.URL, secret: e.Secret, client: &http.Client{
		Transport: transport, Timeout: postTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// post delivers one message. The error is safe to log: it has neither URL nor body.
func (p *poster) post(ctx context.Context, id string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL cannot be used")
	}
	mac := hmac.New(sha256.New, []byte(p.secret.Reveal()))
	mac.Write(body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "nango-lite")
	r.Header.Set("X-Nango-Hmac-Sha256", hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set(DeliveryHeader, id)
	resp, err := p.client.Do(r)
	if err != nil {
		return errors.New("no answer")
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}
