// Package rawjson reads JSON as it is written: where the values of a document begin and
// end, without decoding them. It takes what encoding/json takes and refuses what that
// refuses, several times as fast, because it builds nothing.
//
// Start with [Valid], [Members] and [List].
package rawjson

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// maxDepth is how deep values may be nested, as in encoding/json.
const maxDepth = 10_000

// Valid reports whether doc is one JSON value.
func Valid(doc []byte) bool {
	end := value(doc, space(doc, 0), 0)
	return end >= 0 && space(doc, end) == len(doc)
}

// value returns where the value that begins at i ends, or -1 if there is none.
func value(b []byte, i, depth int) int {
	if i >= len(b) || depth >= maxDepth && (b[i] == '{' || b[i] == '[') {
		return -1
	}
	switch b[i] {
	case '"':
		return text(b, i)
	case '{':
		return object(b, i, depth, nil)
	case '[':
		return array(b, i, depth, nil)
	case 't':
		return word(b, i, "true")
	case 'f':
		return word(b, i, "false")
	case 'n':
		return word(b, i, "null")
	}
	return number(b, i)
}

func word(b []byte, i int, w string) int {
	if len(b)-i < len(w) || string(b[i:i+len(w)]) != w {
		return -1
	}
	return i + len(w)
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// object reads the object that begins at i, and tells see of each member: where its
// name, with its quotes, and its value stand.
func object(b []byte, i, depth int, see func(name, value [2]int)) int {
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for i < len(b) && b[i] == '"' {
		name := [2]int{i, 0}
		if i = text(b, i); i < 0 {
			return -1
		}
		name[1] = i
		if i = space(b, i); i >= len(b) || b[i] != ':' {
			return -1
		}
		start := space(b, i+1)
		if i = value(b, start, depth+1); i < 0 {
			return -1
		}
		if see != nil {
			see(name, [2]int{start, i})
		}
		next, ended := after(b, i, '}')
		if ended || next < 0 {
			return next
		}
		i = next
	}
	return -1
}

// array reads the list that begins at i, and tells see where each element stands.
func array(b []byte, i, depth int, see func(element [2]int)) int {
	i = space(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		start := i
		if i = value(b, start, depth+1); i < 0 {
			return -1
		}
		if see != nil {
			see([2]int{start, i})
		}
		next, ended := after(b, i, ']')
		if ended || next < 0 {
			return next
		}
		i = next
	}
}

// after reads what stands behind a part of an object or a list, which ends with end: that, or
// a comma before the next part. It returns where it goes on, or -1.
func after(b []byte, i int, end byte) (next int, ended bool) {
	if i = space(b, i); i >= len(b) {
		return -1, false
	}
	switch b[i] {
	case end:
		return i + 1, true
	case ',':
		return space(b, i+1), false
	}
	return -1, false
}

// text returns where the string that begins with the quote at i ends. It goes by eight
// bytes at a time as long as none of them needs a look.
func text(b []byte, i int) int {
	i++
	for {
		for len(b)-i >= 8 {
			odd := special(binary.LittleEndian.Uint64(b[i:]))
			if odd != 0 {
				i += bits.TrailingZeros64(odd) >> 3
				break
			}
			i += 8
		}
		if i >= len(b) {
			return -1
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c < ' ':
			return -1
		case c == '\\':
			if i = escape(b, i); i < 0 {
				return -1
			}
		default:
			i++
		}
	}
}

// special has the high bit of the first byte set that is a quote, a backslash or a
// control character; bits above that one mean nothing.
func special(w uint64) uint64 {
	const low, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := w^(low*'"'), w^(low*'\\')
	return ((w-low*' ')&^w | (quote-low)&^quote | (backslash-low)&^backslash) & high
}

func escape(b []byte, i int) int {
	if i+1 >= len(b) {
		return -1
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 > len(b) {
			return -1
		}
		for _, c := range b[i+2 : i+6] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return -1
			}
		}
		return i + 6
	}
	return -1
}

func number(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	default:
		if i = digits(b, i); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i] == '.' {
		if i = digits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i
}

// digits passes at least one digit.
func digits(b []byte, i int) int {
	start := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// named reports whether a name, with its quotes, is want.
func named(name []byte, want string) bool {
	inner := name[1 : len(name)-1]
	if len(inner) == len(want) && string(inner) == want {
		return true
	}
	for _, c := range inner {
		if c == '\\' {
			var decoded string
			return json.Unmarshal(name, &decoded) == nil && decoded == want
		}
	}
	return false
}
