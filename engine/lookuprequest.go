package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// maxLookUp is the largest answer to a look-up that is read.
const maxLookUp = 1 << 20

// lookUp asks for l's value with what c carries, and returns the decoded answer.
// session supplies the credentials.
func (e *Engine) lookUp(ctx context.Context, op string, in *integration, c *Connection, session layer.Session, l *plan.LookUp) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, e.pace.TokenCall)
	defer cancel()
	r, as, err := in.lookUpRequest(ctx, e.opts.Now, c, l)
	if err != nil {
		return nil, lookUpFailed(l, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the request cannot be built", Err: err})
	}
	resp, err := (&caller{e: e, key: c.Key, fixed: session, as: as, why: "looking up connection." + l.Name}).do(r)
	if err != nil {
		return nil, lookUpFailed(l, reop(err, op))
	}
	defer func() { _ = resp.Body.Close() }()
	if err := CheckResponse(resp); err != nil {
		return nil, lookUpFailed(l, reop(err, op))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxLookUp+1))
	if err != nil {
		return nil, lookUpFailed(l, reop(err, op))
	}
	var doc any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if len(body) > maxLookUp || d.Decode(&doc) != nil {
		detail := "the answer is not JSON"
		if len(body) > maxLookUp {
			detail = "the answer is larger than 1 MiB"
		}
		return nil, lookUpFailed(l, &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Status: resp.StatusCode, Detail: detail})
	}
	return doc, nil
}

// reop says that a failed call was part of op.
func reop(err error, op string) error {
	return fault.Amend(err, func(e *Error) { e.Op = op })
}

// lookUpFailed says which look-up it was.
func lookUpFailed(l *plan.LookUp, err error) error {
	return fault.Within("the look-up of connection."+l.Name, err)
}

// lookUpRequest returns the request, and the integration as which it is made: with
// the look-up's headers and parameters, and those of every call as far as they go
// there and are known.
func (in *integration) lookUpRequest(ctx context.Context, now func() time.Time, c *Connection, l *plan.LookUp) (*http.Request, *integration, error) {
	values := in.ValuesAt(c, now())
	target := ""
	like := *in.Integration.Integration
	like.Requests = lookUpRequests(l, &in.Requests)
	if l.Request.Path != "" {
		var err error
		if target, err = render.Path(l.To, values); err != nil {
			return nil, nil, err
		}
	} else {
		u, err := render.URL(l.To, values, in.FormatOf)
		if err != nil {
			return nil, nil, err
		}
		if u.Scheme != "https" && !schema.IsLoopback(u.Hostname()) {
			return nil, nil, errors.New("a look-up must be https, or http on loopback")
		}
		like.Requests.BaseURL = l.Request.URL
	}
	auth, shown, apart := *in.Parsed, in.shown, ""
	if !l.AtBase { // nothing goes along, neither a signature nor a certificate
		shown, apart = nil, " elsewhere"
		like.Requests.RateLimit = nil
		like.Auth.AuthMode, auth.Signature = schema.NoAuth, nil
	} else if err := in.takeAlong(c, &like.Requests); err != nil {
		return nil, nil, err
	}
	as, err := in.As(&like)
	if err != nil {
		return nil, nil, err
	}
	as.Parsed = &auth
	calls, err := newCallPlan(as)
	if err != nil {
		return nil, nil, err
	}
	r, err := buildLookUp(ctx, l, target)
	return r, &integration{Integration: as, calls: calls, mode: mode.New(&mode.Env{In: as, Now: now}), shown: shown, apart: apart}, err
}

// lookUpRequests returns of all what a look-up's own request has: a POST has the parameters
// in its body.
func lookUpRequests(l *plan.LookUp, all *schema.Requests) schema.Requests {
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
func (in *integration) takeAlong(c *Connection, to *schema.Requests) error {
	for _, m := range []struct {
		from map[string]string
		to   *map[string]string
	}{{in.Requests.Headers, &to.Headers}, {in.Requests.Params, &to.Params}, {in.Requests.Body, &to.Body}} {
		if *m.to == nil {
			*m.to = map[string]string{}
		}
		for name, text := range m.from {
			t, err := schema.ParseTemplate(text)
			if err != nil {
				return err
			}
			if !hasName(*m.to, name) && !in.Unknown(c, t) {
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

// buildLookUp makes the request, to which its parameters are added as to any call.
func buildLookUp(ctx context.Context, l *plan.LookUp, target string) (*http.Request, error) {
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
