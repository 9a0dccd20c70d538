package input

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// Query returns the parameters of a request. If one is there that is none of those names,
// or is there more than once, Query answers with an error and returns false: a filter that
// is misspelt must not be taken for none at all. The name "tags" allows tags[…].
func Query(w *answer.Writer, names ...string) (url.Values, bool) {
	q, err := url.ParseQuery(w.Request.URL.RawQuery)
	if err != nil {
		w.Fail(http.StatusBadRequest, "invalid_query_params", "the query cannot be read")
		return nil, false
	}
	for name, values := range q {
		known := slices.Contains(names, name) || slices.Contains(names, "tags") && strings.HasPrefix(name, "tags[") && strings.HasSuffix(name, "]")
		if !known || len(values) > 1 {
			w.Fail(http.StatusBadRequest, "invalid_query_params", "a parameter is unknown, or there more than once; there are "+strings.Join(names, ", "))
			return nil, false
		}
	}
	return q, true
}

// Flag reads a parameter that is true or false. If it is neither, Flag answers with an
// error, and ok is false.
func Flag(w *answer.Writer, q url.Values, name string) (on, ok bool) {
	switch q.Get(name) {
	case "", "false":
		return false, true
	case "true":
		return true, true
	}
	w.Fail(http.StatusBadRequest, "invalid_query_params", name+" must be true or false")
	return false, false
}
