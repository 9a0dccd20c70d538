package verify

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// What answers look like is held against the schemas of documents more strictly than JSON
// Schema does in one way, and less in another: a member that an object's schema does not
// declare is a finding, because that is how a wrong name shows; one that is required and
// not there is none, because samples leave out what nobody looks at. Null passes.

// anything is a value that is not known beforehand, such as what an input puts in.
type anything struct{}

// A problem is a value that is not as a schema describes it.
type problem struct {
	path  []string // of the value
	name  bool     // it is the name of the member that is wrong
	text  string
	place string // of the schema, for people
}

// A variant is one way to read a schema: every part of it holds. An open one says nothing
// more about what may stand there.
type variant struct {
	parts []node
	open  bool
}

const (
	maxVariants = 400  // of one schema: above, nothing is known of it
	maxSpread   = 2000 // schemas that are gone through for one
	maxDepth    = 40   // of a value
)

// A spreading goes through what a schema combines. What leads back to itself, or goes on
// for too long, says nothing more.
type spreading struct {
	left  int
	above []string // places of the schemas that it is in
}

// variants spreads out what a schema combines.
func variants(n node) []variant { return (&spreading{left: maxSpread}).variants(n) }

func (s *spreading) variants(n node) []variant {
	r, ok := n.resolved()
	s.left--
	if !ok || s.left < 0 || slices.Contains(s.above, r.where()) {
		return []variant{{open: true}}
	}
	if _, object := r.value.(map[string]any); !object {
		return []variant{{open: true}} // true, or what is no schema
	}
	s.above = append(s.above, r.where())
	defer func() { s.above = s.above[:len(s.above)-1] }()
	out := []variant{{parts: []node{r}}}
	for _, all := range r.get("allOf").items() {
		out = both(out, s.variants(all))
	}
	alternatives := []string{"oneOf", "anyOf"}
	if r.get("type").value == nil {
		alternatives = append(alternatives, "items") // a list of schemas, where no list can be: one of them is meant
	}
	for _, key := range alternatives {
		var some []variant
		for _, one := range r.get(key).items() {
			some = append(some, s.variants(one)...)
		}
		if some != nil {
			out = both(out, some)
		}
	}
	return out
}

// both returns each of a with each of b.
func both(a, b []variant) []variant {
	if len(a)*len(b) > maxVariants {
		return []variant{{open: true}}
	}
	var out []variant
	for _, x := range a {
		for _, y := range b {
			out = append(out, variant{slices.Concat(x.parts, y.parts), x.open || y.open})
		}
	}
	return out
}

// held returns what is wrong with a value by a schema: by the variant that it comes
// closest to.
func held(n node, value any, path []string) []problem { return heldAll([]node{n}, value, path) }

// heldAll is held for schemas that hold together, such as what two parts of allOf say of
// one member.
func heldAll(all []node, value any, path []string) []problem {
	if _, free := value.(anything); free || len(path) > maxDepth {
		return nil
	}
	ways := []variant{{}}
	for _, n := range all {
		ways = both(ways, variants(n))
	}
	var best []problem
	for i, v := range ways {
		found := v.held(value, path)
		if len(found) == 0 {
			return nil
		}
		if i == 0 || len(found) < len(best) {
			best = found
		}
	}
	return best
}

func (v variant) held(value any, path []string) (found []problem) {
	if value == nil {
		return nil // documents leave null out far more often than they forbid it
	}
	for _, part := range v.parts {
		if text := part.scalar(value); text != "" {
			return []problem{{path: path, text: text, place: part.where()}}
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range sortedKeys(value) {
			found = append(found, v.member(name, value[name], append(slices.Clone(path), name))...)
		}
	case []any:
		items := v.elements()
		for i, item := range value {
			found = append(found, heldAll(items, item, append(slices.Clone(path), strconv.Itoa(i)))...)
		}
	}
	return found
}

// types returns what the type of a schema may be; nil: anything.
func (n node) types() []string {
	switch t := n.get("type").value.(type) {
	case string:
		return []string{t}
	case []any:
		var out []string
		for _, one := range t {
			if text, ok := one.(string); ok {
				out = append(out, text)
			}
		}
		return out
	}
	return nil
}

// allows reports whether an enum of the schema holds a value.
func (n node) allows(value any) bool {
	list, _ := n.get("enum").value.([]any)
	return slices.ContainsFunc(list, func(one any) bool { return sameScalar(one, value) })
}

func sameScalar(a, b any) bool {
	x, xok := schema.Scalar(a)
	y, yok := schema.Scalar(b)
	return xok == yok && x == y
}

// scalar says what is wrong with a value as a whole by one schema, or "".
func (n node) scalar(value any) string {
	is := typeOf(value)
	if types := n.types(); types != nil && !slices.ContainsFunc(types, func(t string) bool { return t == is || t == "number" && is == "integer" || t == "any" || t == "file" }) {
		return fmt.Sprintf("is of type %s, in the document of type %s", is, strings.Join(types, " or "))
	}
	text, isText := value.(string)
	if _, is := schema.Scalar(value); is {
		if n.get("enum").exists() && !n.allows(value) {
			return "is none of the values in the document's enum"
		}
		if c := n.get("const"); c.exists() && !sameScalar(c.value, value) {
			return "is not the constant of the document"
		}
	}
	if p := n.text("pattern"); isText && p != "" {
		// A pattern of ECMA-262 that Go does not read says nothing here.
		if re, err := regexp.Compile(p); err == nil && !re.MatchString(text) {
			return "does not fit the document's pattern"
		}
	}
	return ""
}

// typeOf names the type of a decoded value as JSON Schema does.
func typeOf(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	default:
		if text, _ := schema.Scalar(value); strings.ContainsAny(text, ".eE") {
			return "number"
		}
		return "integer"
	}
}

// member holds one member of an object.
func (v variant) member(name string, value any, path []string) []problem {
	if declared := v.all("properties", name); declared != nil {
		return heldAll(declared, value, path)
	}
	others, closed := v.others()
	if closed {
		return []problem{{path: path, name: true, text: "is no member that the document has there", place: v.object().where()}}
	}
	return heldAll(others, value, path)
}

// elements returns the schemas of the elements of a list. Where a document has one for
// each of the first elements, it is one of them that is meant.
func (v variant) elements() (found []node) {
	for _, n := range v.all("items") {
		if _, several := n.value.([]any); several {
			n.value = map[string]any{"anyOf": n.value}
		}
		found = append(found, n)
	}
	return found
}

// all returns what the parts say at a path of names.
func (v variant) all(names ...string) (found []node) {
	for _, part := range v.parts {
		for _, name := range names {
			part = part.get(name)
		}
		if part.exists() {
			found = append(found, part)
		}
	}
	return found
}

// others returns the schemas of members that have no declaration of their own, and
// whether there are none of that kind.
func (v variant) others() (schemas []node, closed bool) {
	for _, part := range v.parts {
		switch more := part.get("additionalProperties"); value := more.value.(type) {
		case nil:
		case bool:
			v.open = v.open || value
		default:
			v.open = true
			schemas = append(schemas, more)
		}
		v.open = v.open || part.get("patternProperties").exists() || part.get("discriminator").exists() && !part.get("oneOf").exists() && !part.get("anyOf").exists()
	}
	return schemas, !v.open && v.object().exists()
}

// object returns the part that declares members.
func (v variant) object() node {
	for _, part := range v.parts {
		if len(part.get("properties").names()) > 0 {
			return part
		}
	}
	return node{}
}
