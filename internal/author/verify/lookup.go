package verify

import (
	"cmp"
	"fmt"
)

// where is the place of what a schema refers to.
func where(n node) string {
	r, _ := n.resolved()
	return r.where()
}

// lookUpAnswer holds where a field of the connection stands in the answer to its look-up.
func (k *checker) lookUpAnswer(u *use) {
	answer, ok := u.call.answer(u.call.success())
	if !ok {
		return
	}
	f := k.Connection[u.field]
	root := []string{"connection", u.field}
	look := func(path string, at ...string) {
		if _, is := lookAt(answer, path); is == absent {
			k.report(codeBody, below(root, at...), fmt.Sprintf("the answer to %s %s has nothing at %q", u.method, u.path, path), where(answer))
		}
	}
	if f.List == nil {
		look(cmp.Or(f.Path, u.field), "path")
		return
	}
	item := "0."
	if f.List.Items != "" {
		item = f.List.Items + ".0."
	}
	look(item+f.List.Value, "list", "value")
	if f.List.Title != "" {
		look(item+f.List.Title, "list", "title")
	}
}
