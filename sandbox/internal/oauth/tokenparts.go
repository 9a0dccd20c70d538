package oauth

import (
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// putParts puts what later steps ask of this answer in.
func (p *answers) putParts(a *message.Answer, base grant.Claims) {
	for i := range p.Steps {
		s := &p.Steps[i]
		for _, list := range [][]match.Declared{s.ParamForms, s.HeaderForms} {
			for _, d := range list {
				for _, name := range d.Form.Names() {
					number, path, _ := strings.Cut(strings.TrimPrefix(name, "steps."), ".")
					if !strings.HasPrefix(name, "steps.") || number != strconv.Itoa(base.Step) || path == p.responsePaths().access {
						continue
					}
					c := base
					c.Kind, c.Part = grant.KindAccess, number+"."+path
					a.Body = schema.PutAt(a.Body, path, p.Issue(c, 0))
				}
			}
		}
	}
}
