package cli

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// Seeds are secrets that a test has put somewhere, by where that is. Each is made
// of two words that stand nowhere else, with what gets encoded between them: a
// seed that was cut short, quoted or escaped still shows one of its words.
type seeds struct {
	mu    sync.Mutex
	texts map[string]string
	known map[string][]string // spellings, by seed
}

const seedWord = 12

// put returns the seed for a place, always the same.
func (s *seeds) put(place string) string { return s.putWith(place, `+/=&"%\`) }

// putWith is put for a place that cannot hold every character.
func (s *seeds) putWith(place, between string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, ok := s.texts[place]; ok {
		return text
	}
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	word := func() string {
		b := make([]byte, seedWord)
		for i := range b {
			b[i] = letters[rand.IntN(len(letters))]
		}
		// Of a caller's own secrets nothing is known but how keys and tokens look, and twelve
		// small letters are a word.
		b[rand.IntN(len(b))] = letters[len(letters)-1-rand.IntN(8)]
		return string(b)
	}
	if s.texts == nil {
		s.texts = map[string]string{}
	}
	s.texts[place] = word() + between + word()
	return s.texts[place]
}

// found returns the places whose seeds stand in a text: as they are, in another
// case, URL-encoded, in hexadecimal, in Base64 of either alphabet and at any of
// three alignments, and with line breaks and spaces between.
func (s *seeds) found(text string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	unescaped, err := url.QueryUnescape(text)
	if err != nil {
		unescaped = ""
	}
	joined := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	haystacks := []string{text, unescaped, html.UnescapeString(text), joined, strings.ToLower(joined)}
	var places []string
	for _, place := range slices.Sorted(maps.Keys(s.texts)) {
		for _, needle := range s.spellings(s.texts[place]) {
			if slices.ContainsFunc(haystacks, func(h string) bool { return strings.Contains(h, needle) }) {
				places = append(places, fmt.Sprintf("%s, as %q", place, needle))
				break
			}
		}
	}
	return places
}

func (s *seeds) spellings(seed string) []string {
	if s.known[seed] == nil {
		if s.known == nil {
			s.known = map[string][]string{}
		}
		s.known[seed] = spellings(seed)
	}
	return s.known[seed]
}

func spellings(seed string) []string {
	words := []string{seed[:seedWord], seed[len(seed)-seedWord:]}
	var out []string
	for _, w := range words {
		out = append(out, w, strings.ToLower(w), hex.EncodeToString([]byte(w)), strings.ToUpper(hex.EncodeToString([]byte(w))))
		for shift := range 3 {
			// What stands before the word moves it; the ends depend on their neighbours.
			e := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + w))
			out = append(out, e[[]int{0, 2, 3}[shift]:len(e)-1])
		}
	}
	return out
}

// TestS36_SeedsAreFound: a search that finds nothing must be one that would.
func TestS36_SeedsAreFound(t *testing.T) {
	var s seeds
	seed := s.put("here")
	half := len(seed) / 2
	for name, text := range map[string]string{
		"raw":       "x" + seed + "y",
		"lower":     strings.ToLower(seed),
		"cut short": "error: " + seed[:seedWord] + "…",
		"cut off":   seed[half:],
		"quoted":    fmt.Sprintf("%q", seed),
		"query":     url.QueryEscape(seed),
		"path":      url.PathEscape(seed),
		"hex":       fmt.Sprintf("%x", seed),
		"Hex":       fmt.Sprintf("%X", seed),
		"lines":     seed[:5] + "\n  " + seed[5:half] + "\r\n" + seed[half:],
		"base64 0":  base64.StdEncoding.EncodeToString([]byte(seed)),
		"base64 1":  base64.URLEncoding.EncodeToString([]byte("x" + seed + "yz")),
		"base64 2":  base64.RawURLEncoding.EncodeToString([]byte("id:" + seed + ":")),
		"base64 3":  base64.StdEncoding.EncodeToString([]byte("user" + seed)),
	} {
		if len(s.found(text)) == 0 {
			t.Errorf("%s was not found: %s", name, text)
		}
	}
	if got := s.found("nothing of the kind"); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}
