package match

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// A Guard is a header or a query parameter that every API request must have.
type Guard struct {
	Declared
	Header     bool
	body       bool // a member of the body, and no parameter of the query
	Credential bool
}

// SignatureGuards are those of auth.signature.
func SignatureGuards(s *schema.RequestSignature) (guards []Guard, err error) {
	if s == nil {
		return nil, nil
	}
	for _, from := range []struct {
		values map[string]string
		header bool
	}{{s.Headers, true}, {s.Params, false}} {
		list, err := CompileAll(from.values)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			guards = append(guards, Guard{Declared: d, Header: from.header, Credential: true})
		}
	}
	return guards, nil
}

// Where names the guard's place, for people.
func (g *Guard) Where() string {
	if g.Header {
		return "header " + g.Name
	}
	if g.body {
		return "body member " + g.Name
	}
	return "query parameter " + g.Name
}

func (g *Guard) Value(r *http.Request, query url.Values) string {
	if g.Header {
		return r.Header.Get(g.Name)
	}
	return query.Get(g.Name)
}

func CompileGuards(i *schema.Integration, headers, params map[string]string) ([]Guard, error) {
	secret := func(namespace, field string) bool {
		return namespace == "credentials" || i.Connection[field].Secret
	}
	var guards []Guard
	for _, from := range []struct {
		values map[string]string
		header bool
	}{{headers, true}, {params, false}} {
		list, err := CompileAll(from.values)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			g := Guard{Declared: d, Header: from.header}
			g.Credential = slices.ContainsFunc(d.Form.Names(), func(name string) bool { return schema.IsCredential(name, secret) })
			if d.Text != "" && !strings.EqualFold(d.Name, "Host") {
				guards = append(guards, g)
			}
		}
	}
	return guards, nil
}

// CompileMembers returns what requests.body declares.
func CompileMembers(i *schema.Integration) ([]Guard, error) {
	like := *i
	like.Auth.RequestSignature = nil
	members, err := CompileGuards(&like, nil, i.Requests.Body)
	for n := range members {
		members[n].body = true
	}
	return members, err
}
