package fault

import (
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// Providers repeat in error codes, in request ids and in the text of a broken
// connection what they were sent, and callers send secrets that we know nothing
// of. So no word of a request is shown that might be one.

// WithoutEchoes masks each word of a text that stands in one of the texts said,
// or holds a word of them: a word of some length, of letters and digits, or of
// capitals and small letters mixed, as keys and tokens are and names of errors are
// not.
func WithoutEchoes(text string, said func() []string) string {
	suspects := secretWords([]string{text})
	if len(suspects) == 0 {
		return text
	}
	heard := said()
	known, echoed := newAutomaton(secretWords(heard)), repeatedIn(heard, suspects)
	var b strings.Builder
	for text != "" {
		before, word, after := cutWord(text)
		if looksSecret(word) && (echoed[word] || known.any(word)) {
			word = schema.Redacted
		}
		b.WriteString(before)
		b.WriteString(word)
		text = after
	}
	return b.String()
}

// repeatedIn returns which of words stand in one of texts.
func repeatedIn(texts, words []string) map[string]bool {
	a, found := newAutomaton(words), make([]bool, len(words))
	for _, text := range texts {
		a.mark(text, found)
	}
	repeated := map[string]bool{}
	for i, word := range words {
		if found[i] {
			repeated[word] = true
		}
	}
	return repeated
}

// cutWord cuts text around its first word.
func cutWord(text string) (before, word, after string) {
	start := strings.IndexFunc(text, isWordRune)
	if start < 0 {
		return text, "", ""
	}
	end := strings.IndexFunc(text[start:], func(r rune) bool { return !isWordRune(r) })
	if end < 0 {
		return text[:start], text[start:], ""
	}
	return text[:start], text[start : start+end], text[start+end:]
}

// secretWords returns the words of texts that look like secrets.
func secretWords(texts []string) (words []string) {
	for _, text := range texts {
		for text != "" {
			var word string
			if _, word, text = cutWord(text); looksSecret(word) {
				words = append(words, word)
			}
		}
	}
	return words
}

func isWordRune(r rune) bool { return isLower(r) || isUpper(r) || isDigit(r) }

func isLower(r rune) bool { return 'a' <= r && r <= 'z' }
func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }
func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// looksSecret reports whether a word is none that people write. It may be wrong
// about AccessDenied and its like, at the price of a code masked that the request
// has spoken of itself.
func looksSecret(word string) bool {
	const shortest = 8
	if len(word) < shortest {
		return false
	}
	if strings.ContainsFunc(word, isDigit) {
		return true
	}
	rest := word[1:] // a capital to begin with is a word's
	return strings.ContainsFunc(rest, isUpper) && strings.ContainsFunc(rest, isLower)
}

// UnlessEchoed returns a text without what it quotes, if mask finds nothing in it.
// Where it does find something, there may be more than it knows of: a text that
// repeats a part of the request repeats others as well. Secrets are looked for before:
// one that holds a quote would seem to end what is quoted.
func UnlessEchoed(text string, secrets []string, mask func(string) string) string {
	text = WithoutQuotes(WithoutSecrets(text, secrets))
	if strings.Contains(text, schema.Redacted) || mask(text) != text {
		return "a text that repeats what was sent"
	}
	return text
}
