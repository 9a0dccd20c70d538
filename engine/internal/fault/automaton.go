package fault

// An automaton finds many words in a text at once, in a time that grows with the text
// and the words and not with their product (Aho and Corasick, 1975): who writes both an
// answer and what it repeats must not choose how long we work on it.
type automaton struct {
	next map[edge]int32
	fail []int32 // by node: the longest suffix that is a node as well
	ends []int32 // by node: the word that ends there; -1: none
	also []int32 // by node: the nearest suffix at which a word ends; 0: none
}

type edge struct {
	node int32
	by   byte
}

func newAutomaton(words []string) *automaton {
	a := &automaton{next: map[edge]int32{}, fail: []int32{0}, ends: []int32{-1}, also: []int32{0}}
	var edges [][]edge // by depth: those that lead there
	for id, word := range words {
		node := int32(0)
		for i := range len(word) {
			e := edge{node, word[i]}
			child, ok := a.next[e]
			if !ok {
				child = int32(len(a.fail))
				a.next[e] = child
				a.fail, a.ends, a.also = append(a.fail, 0), append(a.ends, -1), append(a.also, 0)
				if i == len(edges) {
					edges = append(edges, nil)
				}
				edges[i] = append(edges[i], e)
			}
			node = child
		}
		if node != 0 {
			a.ends[node] = int32(id)
		}
	}
	for depth, level := range edges {
		for _, e := range level {
			node := a.next[e]
			if depth > 0 {
				a.fail[node] = a.step(a.fail[e.node], e.by)
			}
			if f := a.fail[node]; a.ends[f] >= 0 {
				a.also[node] = f
			} else {
				a.also[node] = a.also[f]
			}
		}
	}
	return a
}

// step returns the node after one more byte.
func (a *automaton) step(node int32, by byte) int32 {
	for {
		if child, ok := a.next[edge{node, by}]; ok {
			return child
		}
		if node == 0 {
			return 0
		}
		node = a.fail[node]
	}
}

// any reports whether one of the words stands in text.
func (a *automaton) any(text string) bool {
	node := int32(0)
	for i := range len(text) {
		if node = a.step(node, text[i]); a.ends[node] >= 0 || a.also[node] != 0 {
			return true
		}
	}
	return false
}

// mark sets those of found whose words stand in text.
func (a *automaton) mark(text string, found []bool) {
	node := int32(0)
	for i := range len(text) {
		node = a.step(node, text[i])
		at := node
		if a.ends[at] < 0 {
			at = a.also[at]
		}
		for ; at != 0 && !found[a.ends[at]]; at = a.also[at] { // what is marked has marked what follows
			found[a.ends[at]] = true
		}
	}
}
