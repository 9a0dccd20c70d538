package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/record"
)

// A Webhook is where the product wants to be told of its connections: that one was made,
// cannot be refreshed, needs its user again, or was removed.
type Webhook struct {
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

const (
	webhookTimeout = 20 * time.Second
	webhookFirst   = 5 * time.Second // before the second attempt; then up to twice as long each time
	webhookLongest = time.Hour
	webhookLook    = 5 * time.Second // between looks at what is due again, of any server
	webhookAtOnce  = 8               // messages that one server delivers at the same time
)

// A hook delivers messages.
type hook struct {
	url    string
	secret schema.Secret
	client *http.Client
	woken  chan struct{}
}

func newHook(w *Webhook) (*hook, error) {
	if w == nil || w.URL == "" {
		return nil, nil
	}
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("the webhook's URL must be like https://app.example.com/hooks, without a user")
	}
	if n := len(w.Secret.Reveal()); n < minKey {
		return nil, fmt.Errorf("the webhook's secret has %d characters; it must have %d or more, for who guesses it can tell lies", n, minKey)
	}
	transport := w.Transport
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return &hook{url: w.URL, secret: w.Secret, woken: make(chan struct{}, 1), client: &http.Client{
		Transport: transport, Timeout: webhookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// wake lets this server look at once.
func (h *hook) wake() {
	select {
	case h.woken <- struct{}{}:
	default:
	}
}

// deliver tells what is due, and what is due again, until ctx ends.
func (s *Server) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		if s.deliverDue(ctx) > 0 {
			continue
		}
		timer := time.NewTimer(webhookLook)
		select {
		case <-timer.C:
		case <-s.hook.woken:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// deliverDue tells what is due now, each by one of however many servers, and says how
// many that were.
func (s *Server) deliverDue(ctx context.Context) int {
	now := s.opts.Now()
	due, err := s.opts.Records.ClaimRecords(ctx, webhookKind, now, now.Add(webhookClaim), webhookAtOnce)
	if err != nil {
		return 0 // the store is away; what is due stays due
	}
	done := make(chan struct{})
	for _, r := range due {
		go func() {
			defer func() { done <- struct{}{} }()
			s.deliverOne(ctx, r)
		}()
	}
	for range due {
		<-done
	}
	return len(due)
}

func (s *Server) deliverOne(ctx context.Context, r *record.Record) {
	var q queued
	if json.Unmarshal(r.Open, &q) != nil || q.Done {
		return
	}
	err := s.hook.post(ctx, r.ID, q.Body)
	if ctx.Err() != nil {
		return // it is due again when the claim ends
	}
	now := s.opts.Now().UTC()
	if err == nil { // a trace stays, so that the same is not told again
		q, r.DueAt, r.ExpiresAt = queued{Done: true}, time.Time{}, now.Add(webhookOnce)
	} else {
		q.Attempts++
		r.DueAt = now.Add(webhookWait(q.Attempts))
		if s.opts.Logger != nil {
			s.opts.Logger.Warn("webhook not taken", "delivery", r.ID, "attempts", q.Attempts, "why", err.Error(), "given_up", r.DueAt.After(r.ExpiresAt))
		}
	}
	if r.Open, err = json.Marshal(q); err != nil {
		return
	}
	write, cancel := context.WithTimeout(context.WithoutCancel(ctx), webhookQueue)
	defer cancel()
	_ = s.opts.Records.ReplaceRecord(write, r, r.Version) // else it is told again, with the same id
}

// webhookWait is how long to wait after so many attempts.
func webhookWait(attempts int) time.Duration {
	ceiling := min(webhookFirst<<min(attempts-1, 20), webhookLongest)
	return ceiling/2 + rand.N(ceiling/2)
}

// post tells one message. The error is safe to log: it has neither URL nor body.
func (h *hook) post(ctx context.Context, id string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL cannot be used")
	}
	mac := hmac.New(sha256.New, []byte(h.secret.Reveal()))
	mac.Write(body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "nango-lite")
	r.Header.Set("X-Nango-Hmac-Sha256", hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set(DeliveryHeader, id)
	resp, err := h.client.Do(r)
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
