package lookup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// maxAnswer is the largest answer to a look-up that is read.
const maxAnswer = 1 << 20

// A Request is the call of a look-up.
type Request struct {
	*http.Request
	Key     connection.Key
	Session layer.Session     // supplies the credentials
	As      *plan.Integration // as which it is made: with the look-up's headers and parameters, and those of every call as far as they go there and are known
	AtHome  bool              // what every call of the API has goes along; else neither a signature nor a certificate does
	Reason  string            // in words
}

// ask asks for l's value with what the connection carries, and returns the decoded
// answer.
func (o *Operation) ask(ctx context.Context, l *plan.LookUp) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r, err := o.request(ctx, l)
	if err != nil {
		return nil, within(l, o.fail(fault.KindClient, "the request cannot be built", err))
	}
	resp, err := o.Call(r)
	if err != nil {
		return nil, within(l, o.mine(err))
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, within(l, o.mine(err))
	}
	var doc any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if len(body) > maxAnswer || d.Decode(&doc) != nil {
		detail := "the answer is not JSON"
		if len(body) > maxAnswer {
			detail = "the answer is larger than 1 MiB"
		}
		return nil, within(l, &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: fault.KindInvalidResponse, Status: resp.StatusCode, Detail: detail})
	}
	return doc, nil
}

// mine says that a failed call was part of the operation.
func (o *Operation) mine(err error) error {
	return fault.Amend(err, func(e *fault.Error) { e.Op = o.Name })
}

// within says which look-up it was.
func within(l *plan.LookUp, err error) error {
	return fault.Within("the look-up of connection."+l.Name, err)
}

func (o *Operation) request(ctx context.Context, l *plan.LookUp) (*Request, error) {
	values := o.In.ValuesAt(o.Conn, o.Now())
	target := ""
	like := *o.In.Integration
	like.Requests = requestsOf(l, &o.In.Requests)
	if l.Request.Path != "" {
		var err error
		if target, err = render.Path(l.To, values); err != nil {
			return nil, err
		}
	} else {
		u, err := render.URL(l.To, values, o.In.FormatOf)
		if err != nil {
			return nil, err
		}
		if u.Scheme != "https" && !schema.IsLoopback(u.Hostname()) {
			return nil, errors.New("a look-up must be https, or http on loopback")
		}
		like.Requests.BaseURL = l.Request.URL
	}
	auth := *o.In.Parsed
	if !l.AtBase {
		like.Requests.RateLimit = nil
		like.Auth.AuthMode, auth.Signature = schema.NoAuth, nil
	} else if err := o.takeAlong(&like.Requests); err != nil {
		return nil, err
	}
	as, err := o.In.As(&like)
	if err != nil {
		return nil, err
	}
	as.Parsed = &auth
	r, err := build(ctx, l, target)
	return &Request{r, o.Conn.Key, o.Session, as, l.AtBase, "looking up connection." + l.Name}, err
}

// requestsOf returns of all what a look-up's own request has: a POST has the parameters
// in its body.
func requestsOf(l *plan.LookUp, all *schema.Requests) schema.Requests {
	own := *all
	own.Headers, own.Params, own.Body = maps.Clone(l.Request.Headers), maps.Clone(l.Request.Params), nil
	if l.Request.Method == http.MethodPost {
		own.Params, own.Body = nil, own.Params
	}
	own.Retries = readOnly(all.Retries)
	return own
}

// readOnly says that a request may be repeated whatever its method.
func readOnly(r *schema.Retries) *schema.Retries {
	var retries schema.Retries
	if r != nil {
		retries = *r
	}
	retries.UnsafeMethods = "always"
	return &retries
}

// takeAlong adds what every call has, in headers, query and body, and to does not, but
// for that with a field which is not looked up yet.
func (o *Operation) takeAlong(to *schema.Requests) error {
	for _, m := range []struct {
		from map[string]string
		to   *map[string]string
	}{{o.In.Requests.Headers, &to.Headers}, {o.In.Requests.Params, &to.Params}, {o.In.Requests.Body, &to.Body}} {
		if *m.to == nil {
			*m.to = map[string]string{}
		}
		for name, text := range m.from {
			t, err := schema.ParseTemplate(text)
			if err != nil {
				return err
			}
			if !hasName(*m.to, name) && !o.unknown(t) {
				(*m.to)[name] = text
			}
		}
	}
	return nil
}

// hasName reports whether m has name, whatever its case.
func hasName(m map[string]string, name string) bool {
	for other := range m {
		if strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// build makes the request, to which its parameters are added as to any call.
func build(ctx context.Context, l *plan.LookUp, target string) (*http.Request, error) {
	if l.Request.Method != http.MethodPost {
		return http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	}
	media, body := "application/x-www-form-urlencoded", ""
	if l.Request.BodyFormat == "json" {
		media, body = "application/json", "{}"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
	if err == nil {
		r.Header.Set("Content-Type", media)
	}
	return r, err
}
