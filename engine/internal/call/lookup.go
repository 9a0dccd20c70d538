package call

import (
	"net/http"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/lookup"
)

// LookUp makes the call of a look-up of p's integration, and returns an answer that means
// success. It is made as another, which is what signer signs for.
func (p *API) LookUp(r *lookup.Request, signer layer.Signer, signedWith []string) (*http.Response, error) {
	opts := Options{Carriers: p.Carriers.As(r.As, r.AtHome), Signer: signer, SignedWith: signedWith}
	if !r.AtHome {
		opts.Apart = " elsewhere"
	}
	as, err := New(p.env, r.As, opts)
	if err != nil {
		return nil, &fault.Error{Op: "call", Key: r.Key, Kind: fault.KindClient, Detail: "the request cannot be built", Err: err}
	}
	c := as.Caller(r.Key, r.Session)
	c.Reason = r.Reason
	resp, err := c.Do(r.Request)
	if err != nil {
		return nil, err
	}
	if err := Check(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}
