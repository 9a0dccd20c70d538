package call

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"sync"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/operation"
	"github.com/nango-lite/nango-lite/engine/internal/pages"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/internal/rawjson"
	"github.com/nango-lite/nango-lite/schema"
)

// maxResult is the longest answer of an operation that is read.
const maxResult = 64 << 20

// operations are those of an integration, each read when it is first called.
type operations map[string]func() (*operation.Operation, error)

func newOperations(in *plan.Integration) operations {
	all := make(operations, len(in.Operations))
	for name, o := range in.Operations {
		all[name] = sync.OnceValues(func() (*operation.Operation, error) { return operation.New(name, o) })
	}
	return all
}

// An Operated is an operation with its inputs, as it is asked for.
type Operated struct {
	*operation.Operation
	*operation.Request
	api *API
	as  *Caller
}

// Operate prepares an operation for a caller. Nothing is sent.
func (p *API) Operate(ctx context.Context, c *Caller, name string, input any) (*Operated, error) {
	refuse := func(kind fault.Kind, detail string, err error) error {
		return &fault.Error{Op: "do " + name, Key: c.Key, Kind: kind, Detail: detail, Err: err}
	}
	read, ok := p.operations[name]
	if !ok {
		return nil, refuse(fault.KindNotFound, "the integration has no operation of that name", nil)
	}
	o, err := read()
	if err != nil {
		return nil, refuse(fault.KindClient, "the operation cannot be read", err)
	}
	values, err := p.valuesFor(ctx, o, c)
	if err != nil {
		return nil, err
	}
	r, err := o.Request(input, values)
	var invalid *operation.InputError
	var missing *render.MissingError
	switch {
	case errors.As(err, &invalid):
		return nil, refuse(fault.KindInvalidInput, "", invalid)
	case errors.As(err, &missing):
		return nil, refuse(missingKind(missing.Name), err.Error(), nil)
	case err != nil:
		return nil, refuse(fault.KindClient, err.Error(), nil)
	}
	c.Operation = name
	switch o.Repeats(p.policy.IdempotencyKey != "") {
	case schema.RepeatNever:
		c.Repeat = layer.RepeatNever
	default:
		c.Repeat = layer.RepeatAlways
	}
	return &Operated{o, r, p, c}, nil
}

// valuesFor gives what a connection fills placeholders with; the connection is not read
// where an operation has inputs alone.
func (p *API) valuesFor(ctx context.Context, o *operation.Operation, c *Caller) (render.Values, error) {
	none := func(string) (string, bool) { return "", false }
	if !o.UsesConnection() {
		return new(render.Made).Values(none, p.env.Now), nil
	}
	snapshot, err := p.Open(c.Key).Load(ctx)
	if err != nil {
		return nil, err
	}
	return new(render.Made).Values(snapshot.Value, p.env.Now), nil
}

// HTTP returns the request, for a client of the connection's.
func (o *Operated) HTTP(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if o.Body != nil {
		body = bytes.NewReader(o.Body)
	}
	r, err := http.NewRequestWithContext(ctx, o.Method, o.Path, body)
	if err != nil {
		return nil, o.refuse(fault.KindClient, "the request cannot be built")
	}
	if o.Header != nil {
		r.Header = o.Header.Clone()
	}
	return r, nil
}

func (o *Operated) refuse(kind fault.Kind, detail string) *fault.Error {
	return &fault.Error{Op: "do " + o.Name, Key: o.as.Key, Kind: kind, Detail: detail}
}

// Do makes the call and returns the result: of a list, {"items": […], "next_cursor": "…"}.
func (o *Operated) Do(ctx context.Context) (json.RawMessage, error) {
	if o.Pages != nil {
		return o.page(ctx)
	}
	r, err := o.HTTP(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := o.as.Do(r)
	if err != nil {
		return nil, o.named(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := Check(resp); err != nil {
		return nil, o.named(err)
	}
	answer, err := o.read(resp)
	if err != nil {
		return nil, err
	}
	return o.result(resp.StatusCode, answer)
}

// read returns the body of a success as JSON; null if there is none.
func (o *Operated) read(resp *http.Response) (json.RawMessage, error) {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxResult+1))
	if err != nil {
		return nil, o.named(err)
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff"))) // RFC 8259 8.1
	e := o.refuse(fault.KindInvalidResponse, "")
	e.Status = resp.StatusCode
	switch {
	case len(data) > maxResult:
		e.Detail = fmt.Sprintf("the answer is longer than %d MiB; call the API with its client", maxResult>>20)
		return nil, e
	case len(data) == 0:
		return json.RawMessage("null"), nil
	case !rawjson.Valid(data):
		kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		e.Detail = fmt.Sprintf("the answer is not JSON (Content-Type %q); call the API with its client", kind)
		return nil, e
	}
	return data, nil
}

func (o *Operated) result(status int, answer json.RawMessage) (json.RawMessage, error) {
	result, err := o.Result(answer)
	if err != nil {
		e := o.refuse(fault.KindInvalidResponse, err.Error())
		e.Status = status
		return nil, e
	}
	return result, nil
}

// walk returns the way through the list.
func (o *Operated) walk() (*pages.Walk, error) {
	u, err := url.Parse(o.Path)
	if err != nil {
		return nil, o.refuse(fault.KindClient, "the path is not one")
	}
	l := List{List: pages.List{Key: o.as.Key, Method: o.Method, Path: u, Header: o.Header, Body: o.JSON, Cursor: o.Cursor}, Over: &o.Pages.Pagination}
	l.Header.Del("Content-Type")
	return o.api.Walk(o.as, l)
}

// page reads one page.
func (o *Operated) page(ctx context.Context) (json.RawMessage, error) {
	w, err := o.walk()
	if err != nil {
		return nil, o.named(err)
	}
	items, more, err := w.Next(ctx)
	if err != nil {
		return nil, o.named(err)
	}
	page := struct {
		Items []json.RawMessage `json:"items"`
		Next  string            `json:"next_cursor,omitempty"`
	}{Items: make([]json.RawMessage, 0, len(items))}
	for _, item := range items {
		if item, err = o.result(http.StatusOK, item); err != nil {
			return nil, err
		}
		page.Items = append(page.Items, item)
	}
	if more {
		page.Next = w.Cursor()
	}
	return json.Marshal(page)
}

// Each yields the items of the list, page by page.
func (o *Operated) Each(ctx context.Context) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		if o.Pages == nil {
			yield(nil, o.refuse(fault.KindUnsupported, "the operation has no pages: it is called with Do"))
			return
		}
		w, err := o.walk()
		if err != nil {
			yield(nil, o.named(err))
			return
		}
		for more := true; more; {
			var items []json.RawMessage
			items, more, err = w.Next(ctx)
			for _, item := range items {
				result, failed := o.result(http.StatusOK, item)
				if !yield(result, failed) || failed != nil {
					return
				}
			}
			if err != nil {
				yield(nil, o.named(err))
				return
			}
		}
	}
}

// named returns err with the name of the operation in it.
func (o *Operated) named(err error) error {
	var known *fault.Error
	if !errors.As(err, &known) {
		return err
	}
	named := *known
	named.Op = "do " + o.Name
	return &named
}
