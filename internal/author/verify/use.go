package verify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/schema"
)

// A use is a place of an entry that names a call of the API.
type use struct {
	at     []string // of the path
	method string
	path   string
	url    bool // the path is a whole URL

	call   *call // nil: the documents have none
	sample *schema.Sample
	field  string   // connection field that is looked up
	root   []string // of the sample or the operation
	op     *schema.Operation
	verify bool
	list   bool // pagination speaks of it
}

// listUses finds the calls that the entry makes, and what the documents call them.
func (k *checker) listUses() []use {
	var uses []use
	if v := k.Requests.Verify; v != nil {
		uses = append(uses, use{at: []string{"requests", "verify", "path"}, method: v.Method, path: v.Path, verify: true})
	}
	for i := range k.Samples {
		if s := &k.Samples[i]; s.Request != nil {
			root := []string{"samples", strconv.Itoa(i)}
			u := use{at: below(root, "request", "path"), method: s.Request.Method, path: s.Request.Path, sample: s, root: root}
			if s.Kind == schema.SampleLookUp {
				k.lookedUp(&u)
			}
			uses = append(uses, u)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.Operations)) {
		op := k.Operations[name]
		root := []string{"operations", name}
		uses = append(uses, use{at: below(root, "request", "path"), method: op.Request.Method, path: op.Request.Path, op: op, root: root})
	}
	if r := k.Requests.Retries; r != nil {
		for i, entry := range r.Safe {
			method, path, _ := strings.Cut(entry, " ")
			uses = append(uses, use{at: []string{"requests", "retries", "safe", strconv.Itoa(i)}, method: method, path: path})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.Connection)) {
		if f := k.Connection[name]; f.Request != nil {
			u := use{field: name, at: []string{"connection", name, "request", "path"}, method: f.Request.Method, path: f.Request.Path}
			if u.path == "" {
				u.at[3], u.path, u.url = "url", f.Request.URL, true
			}
			uses = append(uses, u)
		}
	}
	for i := range uses {
		if uses[i].method == "" {
			uses[i].method = "GET"
		}
		uses[i].call = k.find(uses[i].method, k.full(&uses[i]))
	}
	return uses
}

// lookedUp finds the URL of the look-up that a sample answers, if it goes elsewhere.
func (k *checker) lookedUp(u *use) {
	for _, f := range k.Connection {
		if f.Request != nil && f.Request.URL != "" && strings.HasSuffix(templatePattern(f.Request.URL).path(), templatePattern(u.path).path()) {
			u.path, u.url = f.Request.URL, true
			return
		}
	}
}

func below(root []string, names ...string) []string { return slices.Concat(root, names) }

// full is the URL of a use.
func (k *checker) full(u *use) pattern {
	if u.url {
		return templatePattern(u.path)
	}
	return k.base.below(templatePattern(u.path))
}

// find returns the call that documents have at a URL, the one that fits best, or nil.
func (k *checker) find(method string, url pattern) *call {
	var best *call
	most := -1
	for _, c := range k.calls {
		if c.method != method {
			continue
		}
		if score := k.match(c, url); score > most {
			best, most = c, score
		}
	}
	return best
}

// match says how well a call fits a URL; -1: not at all.
func (k *checker) match(c *call, url pattern) int {
	best := -1
	for _, server := range c.servers {
		full := server.below(c.path)
		ours := url
		if k.lost { // from the end, as far as the document's path goes
			full = c.path
			if more := len(ours.segments) - len(full.segments); more > 0 {
				ours.segments = ours.segments[more:]
			}
			ours.host, full.host = "*", "*"
		}
		if !ours.equal(full) {
			continue
		}
		best = max(best, c.score(ours.segments, full.segments))
	}
	return best
}

func (c *call) score(ours, theirs []string) int {
	score := 0
	for i, s := range ours {
		switch {
		case s == theirs[i]:
			score += 3
		case strings.Contains(s, "*") && !strings.Contains(theirs[i], "*"): // an id of ours, a name of theirs
		case theirs[i] == "*" && !c.takesSegment(i-len(theirs), s):
			return -1
		default:
			score++
		}
	}
	return score
}

// takesSegment reports whether the parameter at a segment of the path, counted from its
// end by a negative number, may have a value.
func (c *call) takesSegment(i int, value string) bool {
	raw := c.raw
	if i += len(raw); i < 0 || !strings.HasPrefix(raw[i], "{") || strings.Contains(value, "*") {
		return true
	}
	p, ok := c.takes("path", strings.Trim(raw[i], "{}+"))
	if !ok {
		return true
	}
	for _, v := range variants(p.schema) {
		fits := v.open || !slices.ContainsFunc(v.parts, func(part node) bool {
			return part.text("pattern") != "" && part.scalar(value) != "" || part.get("enum").exists() && !part.allows(value)
		})
		if fits {
			return true
		}
	}
	return false
}

// use holds one call of the entry against the documents.
func (k *checker) use(u *use) {
	switch {
	case len(k.calls) == 0:
		return
	case u.call == nil:
		k.missing(u)
		return
	case k.misspelt(u):
		return
	case u.op != nil:
		k.operationCall(u)
	case u.sample != nil:
		k.sampleCall(u)
	case u.field != "":
		k.lookUpAnswer(u)
	case u.verify:
		k.requiredParams(u, u.at, nil)
	}
	k.requiredHeaders(u)
}

// missing reports a call that the documents do not have.
func (k *checker) missing(u *use) {
	url := k.full(u)
	if k.lost {
		return // the base URL is reported
	}
	var other []string
	place := ""
	for _, c := range k.calls {
		if k.match(c, url) >= 0 {
			other = append(other, c.method)
			place = c.doc.Name + "#" + parent(c.n.place)
		}
	}
	if other != nil {
		at := slices.Clone(u.at)
		at[len(at)-1] = "method"
		if !k.says(at...) {
			at = u.at
		}
		k.report(codeMethod, at, fmt.Sprintf("the document has %s with %s, not %s", url.path(), list(other), u.method), place)
		return
	}
	k.noPath(u, url)
}

// noPath reports a path that the documents do not have, and the one that was meant.
func (k *checker) noPath(u *use, url pattern) {
	paths := map[string]string{} // to their places
	for _, c := range k.calls {
		for _, server := range c.servers {
			if full := server.below(c.path); c.method == u.method && len(full.segments) == len(url.segments) && overlap(full.host, url.host) {
				paths[full.path()] = c.n.where()
			}
		}
	}
	message := fmt.Sprintf("no path %s in %s", url.path(), k.documents())
	near := suggest.Nearest(url.path(), slices.Sorted(maps.Keys(paths)))
	if near != "" {
		message += "; did you mean " + near + "?"
	}
	k.report(codePath, u.at, message, paths[near])
}

// misspelt reports a name in a path that only fits because any text does in its place,
// and that is close to a name which the document has there.
func (k *checker) misspelt(u *use) bool {
	url := k.full(u)
	raw := u.call.raw
	from := len(url.segments) - len(raw)
	for i, s := range raw {
		if from+i < 0 || !strings.HasPrefix(s, "{") || strings.Contains(url.segments[from+i], "*") {
			continue
		}
		var names []string
		for _, c := range k.calls {
			if other := c.raw; c.doc == u.call.doc && len(other) > i && slices.Equal(other[:i], raw[:i]) && !strings.HasPrefix(other[i], "{") {
				names = append(names, other[i])
			}
		}
		slices.Sort(names)
		if near := suggest.Nearest(url.segments[from+i], slices.Compact(names)); near != "" && near != url.segments[from+i] {
			k.report(codePath, u.at, fmt.Sprintf("%s is no name of the document in %s; did you mean %s?", url.segments[from+i], url.path(), near), u.call.n.where())
			return true
		}
	}
	return false
}

func parent(pointer string) string { return pointer[:max(strings.LastIndexByte(pointer, '/'), 0)] }
