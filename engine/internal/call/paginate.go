package call

import (
	"io"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/pages"
	"github.com/nango-lite/nango-lite/schema"
)

// A List is a list that is read page by page.
type List struct {
	pages.List // but for its Pagination

	// Over is laid over what the integration declares for the list; nil: that holds.
	Over *schema.Pagination

	// Refused, if not nil, is told of the answer that ends the list with an error, with the
	// number of its page, from 1, and the start of its body, without the secrets of the call.
	Refused func(page, status int, body string)
}

// Walk returns the way through a list of c's, which only reads.
func (p *API) Walk(c *Caller, l List) (*pages.Walk, error) {
	if declared := p.in.Requests.Pagination; declared != nil {
		l.Pagination = declared.At(l.Method, l.Path.EscapedPath()) // an encoded slash divides nothing
	}
	if l.Over != nil {
		l.Pagination = l.Pagination.Over(*l.Over)
	}
	if detail := l.Lacks(); detail != "" {
		return nil, &fault.Error{Op: "paginate", Key: l.Key, Kind: fault.KindUnsupported, Detail: detail}
	}
	api := pages.API{Do: c.Do, Check: Check, Matches: p.matches, Again: p.againBroken}
	if l.Refused != nil {
		api.Refused = func(page int, resp *http.Response) { l.Refused(page, resp.StatusCode, startOf(resp)) }
	}
	return pages.New(l.List, api), nil
}

// shownPage is how much of the body of a failed page is shown.
const shownPage = 16 << 10

// startOf returns the start of a body, as it may be shown.
func startOf(resp *http.Response) string {
	const further = 4 << 10 // so that a secret at the end is seen whole, and masked
	var body []byte
	answer.Within(resp.Body, answer.Bound{}, func() { body, _ = io.ReadAll(io.LimitReader(resp.Body, shownPage+further)) })
	text := maskOf(layer.From(resp.Request.Context())).text(string(body))
	if len(text) > shownPage {
		text = text[:shownPage] + " …"
	}
	return text
}

// againBroken returns how long to wait before a page that broke off is asked for
// again, as after a connection that broke before the answer.
func (p *API) againBroken(attempt int) (time.Duration, bool) {
	return p.policy.Pause(attempt), attempt <= p.policy.Max
}
