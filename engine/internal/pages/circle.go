package pages

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/maphash"
)

const (
	// equalPages is how many equal pages in a row are a circle where the pages are
	// counted: a list may have equal items.
	equalPages = 5

	// emptyPages is how many pages in a row may bring nothing although each names
	// another.
	emptyPages = 100
)

// A verdict says what a page is beside those before it.
type verdict int

const (
	fresh    verdict = iota
	repeated         // the page before once more, which may be right: it is held back
	over             // the page before once more, and that was the last
	circle
)

// compare tells a list that goes on from one that does not. A cursor that comes
// again proves nothing, and neither does a page: the two together do.
func (w *Walk) compare(a *answer) verdict {
	hash := w.hash(a.items)
	before := w.last
	w.last = hash
	if len(a.items) == 0 {
		w.empty++
	} else {
		w.empty = 0
	}
	equal := hash == before && len(a.items) > 0 && w.page > 1
	switch {
	case w.byItem():
		if equal {
			return circle // what follows an item does not begin with the same items
		}
	case w.Kind == "offset" || w.Kind == "page":
		return w.compareCounted(a, equal)
	}
	asked := w.hash([]json.RawMessage{json.RawMessage(w.cursor)}) ^ hash
	if w.seen[asked] {
		return circle
	}
	w.seen[asked] = true
	return fresh
}

// compareCounted: a provider that ignores the count gives the same page for ever;
// one that has nothing left may give the last page again.
func (w *Walk) compareCounted(a *answer, equal bool) verdict {
	switch {
	case !equal:
		return fresh
	case w.short:
		return over
	case w.times+2 >= equalPages:
		return circle
	}
	w.same, w.times = append(w.same, a.items...), w.times+1
	w.cursor = w.counted(a)
	return repeated
}

// byItem reports whether the cursor is the last item of a page.
func (w *Walk) byItem() bool { return w.Kind == "cursor" && w.Pagination.Cursor.Item != "" }

func (w *Walk) hash(items []json.RawMessage) uint64 {
	var h maphash.Hash
	h.SetSeed(w.seed)
	for _, item := range items {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(item)))
		_, _ = h.Write(size[:])
		_, _ = h.Write(item)
	}
	return h.Sum64()
}

// nothing returns an error if the list goes on for too long without an item.
func (w *Walk) nothing(a *answer) error {
	if w.empty < emptyPages {
		return nil
	}
	return a.refuse(w, fmt.Sprintf("%d pages in a row were empty, and each named another", emptyPages))
}
