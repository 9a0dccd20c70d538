package rawjson

import (
	"encoding/json"
	"strings"
)

// Members tells see of each member of an object: its name, with its quotes and as it is
// written, and its value. It reports whether doc is an object and valid; if it is not,
// see may have been told of the members before the fault. What see is told is part of
// doc.
func Members(doc []byte, see func(name, value json.RawMessage)) bool {
	i := space(doc, 0)
	if i >= len(doc) || doc[i] != '{' {
		return false
	}
	end := object(doc, i, 0, func(n, v [2]int) { see(part(doc, n), part(doc, v)) })
	return end >= 0 && space(doc, end) == len(doc)
}

// Named reports whether a name that [Members] told of is want.
func Named(name json.RawMessage, want string) bool { return named(name, want) }

// Elements returns the elements of a list, as parts of doc; false if doc is none, or is
// not valid.
func Elements(doc []byte) ([]json.RawMessage, bool) {
	i := space(doc, 0)
	if i >= len(doc) || doc[i] != '[' {
		return nil, false
	}
	list := []json.RawMessage{}
	end := array(doc, i, 0, func(e [2]int) { list = append(list, part(doc, e)) })
	return list, end >= 0 && space(doc, end) == len(doc)
}

// A Page is a document that holds a list.
type Page struct {
	Found bool              // something stands where the list should
	List  []json.RawMessage // parts of the document; nil if it is no list
	Null  bool              // null stands there

	// Rest is the document with an empty list in the place of this one: what else
	// it says is found there sooner.
	Rest json.RawMessage
}

// List returns the list in the member of that name of an object, or doc itself where
// the name is empty. It reports whether doc is valid. Of members of one name the last
// counts, as in encoding/json.
func List(doc []byte, name string) (p Page, valid bool) {
	i := space(doc, 0)
	if name == "" {
		if i < len(doc) && doc[i] == '[' {
			list, ok := Elements(doc)
			return Page{Found: true, List: list, Rest: doc}, ok
		}
		return Page{Found: len(doc) > 0, Null: strings.TrimSpace(string(doc)) == "null", Rest: doc}, Valid(doc)
	}
	if i >= len(doc) || doc[i] != '{' {
		return Page{Rest: doc}, Valid(doc)
	}
	s := splitter{doc: doc, name: name}
	end := s.object(i)
	if end < 0 || space(doc, end) != len(doc) {
		return Page{}, false
	}
	p = Page{Found: s.at[1] > 0, List: s.list, Rest: doc}
	if p.Found && p.List != nil {
		p.Rest = make([]byte, 0, len(doc)-(s.at[1]-s.at[0])+2)
		p.Rest = append(append(append(p.Rest, doc[:s.at[0]]...), "[]"...), doc[s.at[1]:]...)
	}
	p.Null = p.Found && string(doc[s.at[0]:s.at[1]]) == "null"
	return p, true
}

// A splitter goes through an object once, and takes the list of that name apart on the
// way.
type splitter struct {
	doc  []byte
	name string
	at   [2]int
	list []json.RawMessage
}

func (s *splitter) object(i int) int {
	b := s.doc
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for i < len(b) && b[i] == '"' {
		start := i
		if i = text(b, i); i < 0 {
			return -1
		}
		wanted := named(b[start:i], s.name)
		if i = space(b, i); i >= len(b) || b[i] != ':' {
			return -1
		}
		start = space(b, i+1)
		if wanted && start < len(b) && b[start] == '[' {
			s.list = make([]json.RawMessage, 0, len(s.list)+16)
			i = array(b, start, 1, func(e [2]int) { s.list = append(s.list, part(b, e)) })
		} else {
			if wanted {
				s.list = nil
			}
			i = value(b, start, 1)
		}
		if i < 0 {
			return -1
		}
		if wanted {
			s.at = [2]int{start, i}
		}
		next, ended := after(b, i, '}')
		if ended || next < 0 {
			return next
		}
		i = next
	}
	return -1
}

func part(b []byte, at [2]int) json.RawMessage { return b[at[0]:at[1]:at[1]] }
