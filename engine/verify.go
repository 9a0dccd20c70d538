package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// Verify proves k's credentials with the integration's verify call. The error
// says what the answer means, as [CheckResponse] does; it is of KindUnsupported
// if the integration declares no such call.
func (e *Engine) Verify(ctx context.Context, k Key) error {
	in, err := e.integration(k.Integration)
	if err != nil {
		return err
	}
	return e.verify(ctx, in, k, e.session(in, k))
}

// verify makes the verify call as s.
func (e *Engine) verify(ctx context.Context, in *integration, k Key, s layer.Session) error {
	v := in.Requests.Verify
	if v == nil {
		return &Error{Op: "verify", Key: k, Kind: KindUnsupported, Detail: "the integration declares no verify call"}
	}
	snapshot, err := s.Load(ctx)
	if err != nil {
		return err
	}
	path, err := render.Path(in.Calls.Verify, new(render.Made).Values(snapshot.Value, e.opts.Now))
	if err != nil {
		return &Error{Op: "verify", Key: k, Kind: KindReauthorize, Detail: err.Error()}
	}
	if path == "/" {
		path = "" // base_url itself: where it has a path, a slash behind it is another
	}
	var body io.Reader
	if v.Body != nil {
		text, err := json.Marshal(v.Body)
		if err != nil {
			return &Error{Op: "verify", Key: k, Kind: KindClient, Detail: "requests.verify.body cannot be written as JSON"}
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, cmp.Or(v.Method, http.MethodGet), path, body)
	if err != nil {
		return &Error{Op: "verify", Key: k, Kind: KindClient, Detail: "requests.verify.path is not a path"}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := (&caller{e: e, key: k, fixed: s}).do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if call := layer.From(resp.Request.Context()); call != nil && call.Away() {
		return &Error{Op: "verify", Key: k, Kind: KindInvalidResponse, Status: resp.StatusCode, Detail: "the verify call was redirected out of base_url: who answered was shown no credentials"}
	}
	return CheckResponse(resp)
}
