package call

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// Verify makes the verify call of k's connection as s. The error says what the answer
// means; it is of KindUnsupported if the integration declares no such call.
func (p *API) Verify(ctx context.Context, k connection.Key, s layer.Session) error {
	v := p.in.Requests.Verify
	if v == nil {
		return &fault.Error{Op: "verify", Key: k, Kind: fault.KindUnsupported, Detail: "the integration declares no verify call"}
	}
	snapshot, err := s.Load(ctx)
	if err != nil {
		return err
	}
	path, err := render.Path(p.in.Calls.Verify, new(render.Made).Values(snapshot.Value, p.env.Now))
	if err != nil {
		return &fault.Error{Op: "verify", Key: k, Kind: fault.KindReauthorize, Detail: err.Error()}
	}
	if path == "/" {
		path = "" // base_url itself: where it has a path, a slash behind it is another
	}
	if len(v.Params) > 0 {
		path += v.Target()[len(v.Path):]
	}
	var body io.Reader
	if v.Body != nil {
		text, err := json.Marshal(v.Body)
		if err != nil {
			return &fault.Error{Op: "verify", Key: k, Kind: fault.KindClient, Detail: "requests.verify.body cannot be written as JSON"}
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, cmp.Or(v.Method, http.MethodGet), path, body)
	if err != nil {
		return &fault.Error{Op: "verify", Key: k, Kind: fault.KindClient, Detail: "requests.verify.path is not a path"}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := p.Caller(k, s).Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if call := layer.From(resp.Request.Context()); call != nil && call.Away() {
		return &fault.Error{Op: "verify", Key: k, Kind: fault.KindInvalidResponse, Status: resp.StatusCode, Detail: "the verify call was redirected out of base_url: who answered was shown no credentials"}
	}
	return Check(resp)
}
