package lint

import (
	"reflect"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
)

// Fix returns data with keys and versions in their order. Whole lines move, with
// the comments above them; blank lines stay where they separate. What cannot be
// moved without changing the file's meaning, such as an alias above its anchor,
// stays.
func Fix(data []byte) []byte {
	fixed := data
	for range 100 { // one map at a time, so that places are always those of the text
		next, moved := moveOne(fixed)
		if !moved {
			break
		}
		fixed = next
	}
	return fixed
}

// moveOne sorts the first map that is out of order and can be sorted.
func moveOne(data []byte) (out []byte, moved bool) {
	root, problems := yamltree.Parse("", data)
	if root == nil || len(problems) > 0 {
		return data, false
	}
	meaning := root.JSON()
	lines := strings.SplitAfter(string(data), "\n")
	visit(root, fileOrder(), len(lines), func(n *tree.Node, o *order, end int) {
		if moved || !isBlock(n) {
			return
		}
		text, ok := sortMap(lines, n, o, end)
		if !ok {
			return
		}
		after, problems := yamltree.Parse("", []byte(text))
		if after == nil || len(problems) > 0 || !reflect.DeepEqual(after.JSON(), meaning) {
			return
		}
		out, moved = []byte(text), true
	})
	return out, moved
}

// visit is walk with the line after each map's last, 1-based.
func visit(n *tree.Node, o *order, end int, do func(*tree.Node, *order, int)) {
	if n == nil || o == nil {
		return
	}
	for i, item := range n.Items {
		stop := end
		if i+1 < len(n.Items) {
			stop = n.Items[i+1].Origin.Line
		}
		visit(item, o.each, stop, do)
	}
	for i, f := range n.Fields {
		stop := end
		if i+1 < len(n.Fields) {
			stop = n.Fields[i+1].At.Line
		}
		visit(f.Value, o.under(f.Name), stop, do)
	}
	if n.Kind == tree.Map {
		do(n, o, end)
	}
}

// sortMap returns the text with the entries of a block map in order; ok is false
// if they are already, or do not stand on lines of their own.
func sortMap(lines []string, n *tree.Node, o *order, end int) (text string, ok bool) {
	sorted := inOrder(n.Fields, o)
	if slices.Equal(sorted, identity(len(sorted))) {
		return "", false
	}
	first := n.Fields[0].At
	prefix := lines[first.Line-1][:min(first.Column-1, len(lines[first.Line-1]))]
	if strings.Trim(prefix, " -") != "" {
		return "", false // an anchor or a tag, or not on its own line
	}
	lines = slices.Clone(lines)
	lines[first.Line-1] = strings.Repeat(" ", len(prefix)) + lines[first.Line-1][len(prefix):]
	chunks, begin, stop := cut(lines, n, end)
	var b strings.Builder
	for _, line := range lines[:begin] {
		b.WriteString(line)
	}
	for i, from := range sorted {
		body := chunks[from].body
		if i == 0 && strings.Contains(prefix, "-") {
			if !strings.HasPrefix(body, strings.Repeat(" ", len(prefix))) || strings.HasPrefix(strings.TrimSpace(body), "#") {
				return "", false
			}
			body = prefix + body[len(prefix):]
		}
		if !strings.HasSuffix(body, "\n") {
			body += "\n"
		}
		b.WriteString(body + chunks[i].gap)
	}
	for _, line := range lines[stop:] {
		b.WriteString(line)
	}
	return b.String(), true
}

// inOrder returns the indexes of fields as they should stand.
func inOrder(fields []tree.Field, o *order) []int {
	out := identity(len(fields))
	for i := range out { // insertion, since keys without a rank keep their places
		for j := i; j > 0; j-- {
			if !slices.ContainsFunc(out[:j], func(k int) bool { return o.compare(fields[k].Name, fields[out[j]].Name) > 0 }) {
				break
			}
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A chunk is an entry of a map, and the blank lines after it.
type chunk struct{ body, gap string }

// cut divides the lines of a map among its entries. Comments above a key at its
// own depth go with it.
func cut(lines []string, n *tree.Node, end int) (chunks []chunk, begin, stop int) {
	depth := n.Fields[0].At.Column - 1
	starts := make([]int, len(n.Fields)) // 0-based
	for i, f := range n.Fields {
		start := f.At.Line - 1
		for start > above(n, i) && isComment(lines[start-1], depth) {
			start--
		}
		starts[i] = start
	}
	stop = min(end-1, len(lines))
	if end >= len(lines) {
		stop = len(lines)
	}
	for last := starts[len(starts)-1]; stop-1 > last && outside(lines[stop-1], depth); {
		stop--
	}
	for i, start := range starts {
		next := stop
		if i+1 < len(starts) {
			next = starts[i+1]
		}
		gap := next
		for gap-1 > start && strings.TrimSpace(lines[gap-1]) == "" {
			gap--
		}
		chunks = append(chunks, chunk{strings.Join(lines[start:gap], ""), strings.Join(lines[gap:next], "")})
	}
	return chunks, starts[0], stop
}

// above is the first line that may be a comment on entry i. What stands at the top
// of the file is about the file.
func above(n *tree.Node, i int) int {
	switch {
	case i > 0:
		return n.Fields[i-1].At.Line
	case n.Fields[0].At.Column == 1:
		return n.Fields[0].At.Line - 1
	}
	return 0
}

func isComment(line string, depth int) bool {
	trimmed := strings.TrimLeft(line, " ")
	return strings.HasPrefix(trimmed, "#") && len(line)-len(trimmed) == depth
}

// outside reports whether a line at the end belongs to what follows the map.
func outside(line string, depth int) bool {
	trimmed := strings.TrimLeft(line, " ")
	return strings.TrimSpace(trimmed) == "" || strings.HasPrefix(trimmed, "#") && len(line)-len(trimmed) < depth
}
