package engine

import (
	"fmt"
	"net/http"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// setHeaders gives r the headers of m. Those that name the request are filled when it
// is complete.
func setHeaders(m plan.TemplateMap, r *oauthwire.Request, values render.Values) (err error) {
	plain, signed := plan.TemplateMap{}, plan.TemplateMap{}
	for name, t := range m {
		if render.NamesRequest(t) {
			signed[name] = t
		} else {
			plain[name] = t
		}
	}
	if r.Headers, err = plain.Render(values); err != nil || len(signed) == 0 {
		return err
	}
	r.Sign = func(req *http.Request, body []byte) error {
		for name, t := range signed {
			v, err := render.Header(t, render.Request(req, body, values))
			if err != nil {
				return fmt.Errorf("header %s: %w", name, err)
			}
			req.Header.Set(name, v)
			r.Headers[name] = v // for whoever takes out of errors what was sent
		}
		return nil
	}
	return nil
}
