package sandbox

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// A RefusedError is an authorization request that the sandbox did not take.
type RefusedError struct {
	Status int
	Reason string // code and reason, as in the header X-Sandbox-Refusal
}

// Error says why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("sandbox refused the authorization request: %s", e.Reason)
}

var (
	formTag  = lazyregexp.New(`(?is)<form\b[^>]*>`)
	inputTag = lazyregexp.New(`(?is)<input\b[^>]*>`)
	attr     = lazyregexp.New(`(?is)\b(action|type|name|value)="([^"]*)"`)
)

// Allow acts as the user at the consent page: it opens authURL through rt, reads
// the form, presses the button of decision ("allow" or "deny") and returns where
// the browser is sent, which is the redirect URI with code or error, as a query also where
// they would come as a form (response_mode=form_post). It asks for nothing there. It works with [Mux.Transport] and [RemoteTransport] for the
// provider's URL, and with any transport for one from [BrowserURL]. The error is a
// [*RefusedError] if the page says that the request is not in order.
func Allow(ctx context.Context, rt http.RoundTripper, authURL, decision string) (*url.URL, error) {
	client := &http.Client{Transport: rt, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	at, err := url.Parse(authURL)
	if err != nil {
		return nil, fmt.Errorf("sandbox: the authorization URL cannot be read")
	}
	resp, page, err := ask(ctx, client, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusedBy(resp)
	}
	action, fields, err := readPage(page)
	if err != nil {
		return nil, err
	}
	fields.Set("decision", decision)
	target, err := at.Parse(action)
	if err != nil {
		return nil, fmt.Errorf("sandbox: the form's action cannot be read")
	}
	resp, page, err = ask(ctx, client, http.MethodPost, target, fields)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusSeeOther:
		return url.Parse(resp.Header.Get("Location"))
	case http.StatusOK: // the callback is a form
		return formAt(page)
	}
	return nil, refusedBy(resp)
}

// formAt returns where the form on a page leads, with its fields as the query.
func formAt(page string) (*url.URL, error) {
	action, fields, err := readPage(page)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(action)
	if err != nil {
		return nil, fmt.Errorf("sandbox: the form's action cannot be read")
	}
	q := at.Query()
	for name, values := range fields {
		q[name] = values
	}
	at.RawQuery = q.Encode()
	return at, nil
}

// AllowDevice acts as the user at the page for user codes (RFC 8628 3.3): it opens
// verificationURI through rt, enters userCode and presses the button of decision
// ("allow" or "deny"). It works with the transports that [Allow] works with. The
// error is a [*RefusedError] if the page does not take the code.
func AllowDevice(ctx context.Context, rt http.RoundTripper, verificationURI, userCode, decision string) error {
	client := &http.Client{Transport: rt, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	at, err := url.Parse(verificationURI)
	if err != nil {
		return fmt.Errorf("sandbox: the verification URI cannot be read")
	}
	resp, page, err := ask(ctx, client, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return refusedBy(resp)
	}
	action, fields, err := readPage(page)
	if err != nil {
		return err
	}
	fields.Set("user_code", userCode)
	fields.Set("decision", decision)
	target, err := at.Parse(action)
	if err != nil {
		return fmt.Errorf("sandbox: the form's action cannot be read")
	}
	if resp, _, err = ask(ctx, client, http.MethodPost, target, fields); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return refusedBy(resp)
	}
	return nil
}

// ask makes one request and reads the page that answers it.
func ask(ctx context.Context, client *http.Client, method string, u *url.URL, form url.Values) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, "", fmt.Errorf("sandbox: the authorization URL cannot be read")
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, "", fmt.Errorf("sandbox: consent page at %s: %w", u.Host, withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, message.MaxBody))
	return resp, string(b), err
}

// withoutURL takes the URL, whose query is nobody's business, out of an error.
func withoutURL(err error) error {
	if e, ok := err.(*url.Error); ok {
		return e.Err
	}
	return err
}

func refusedBy(resp *http.Response) error {
	reason := resp.Header.Get(RefusalHeader)
	if reason == "" {
		reason = resp.Status
	}
	return &RefusedError{resp.StatusCode, reason}
}

// readPage finds the form on a consent page and its hidden fields.
func readPage(page string) (action string, fields url.Values, err error) {
	form := formTag().FindString(page)
	if form == "" {
		return "", nil, fmt.Errorf("sandbox: there is no form on the consent page")
	}
	fields = url.Values{}
	for _, input := range inputTag().FindAllString(page, -1) {
		if a := attributes(input); a["type"] == "hidden" {
			fields.Add(a["name"], a["value"])
		}
	}
	return attributes(form)["action"], fields, nil
}

func attributes(tag string) map[string]string {
	out := map[string]string{}
	for _, m := range attr().FindAllStringSubmatch(tag, -1) {
		out[strings.ToLower(m[1])] = html.UnescapeString(m[2])
	}
	return out
}
