package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
)

const longestNote = 300

// praise are words that tell a reader nothing. Field notes say what one trips
// over.
var praise = lazyregexp.New(`(?i)\b(amazing|awesome|best[- ]in[- ]class|blazing(ly)?|cutting[- ]edge|effortless(ly)?|game[- ]chang\w+|industry[- ]leading|powerful|revolutionary|robust|seamless(ly)?|state[- ]of[- ]the[- ]art|supercharge\w*|unleash\w*|world[- ]class)\b`)

// absolute are words and numbers that are either sourced or a guess.
var absolute = lazyregexp.New(`(?i)\b(all|always|any|every|never|none|nobody|nothing|only)\b|[0-9]`)

func notes(v *version) {
	if v.Comment != "" {
		v.sentence("comment", v.Comment)
	}
	for i, n := range v.Notes {
		at := "notes." + strconv.Itoa(i)
		v.sentence(at+".text", n.Text)
		if strings.HasPrefix(n.Text, "Write here ") {
			v.report("template-left", at+".text", "the note is still that of the template", "say what people trip over, or take it away")
		}
		if length := utf8.RuneCountInString(n.Text); length > longestNote {
			v.report("note-length", at+".text", fmt.Sprintf("the note has %d letters; %d are enough", length, longestNote), "say one thing, or make two notes of it")
		}
		if claim := absolute().FindString(n.Text); claim != "" && n.DocsURL == "" {
			v.report("note-source", at+".text", fmt.Sprintf("%q is said without a page that says so", claim), "link the provider's page with docs_url, or say less")
		}
		switch {
		case n.Key != "":
			v.noteKey(at+".key", n.Key)
		case v.has(at + ".key"):
			v.report("note-key", at+".key", "the key is empty", "leave it out, or write it from the top, such as auth.pkce")
		}
	}
}

func (v *version) sentence(at, text string) {
	first, _, _ := strings.Cut(text, " ")
	r, _ := utf8.DecodeRuneInString(text)
	switch {
	case unicode.IsLower(r) && !isName(first):
		v.report("note-sentence", at, "the sentence does not begin with a capital", "")
	case !strings.HasSuffix(text, "."):
		v.report("note-sentence", at, "the sentence does not end in a full stop", "")
	}
	if word := praise().FindString(text); word != "" {
		v.report("note-words", at, fmt.Sprintf("%q praises; say what it does instead", word), "")
	}
}

// isName reports whether a word is a key or another name, which keeps its small
// letter: expires_in, auth.revoke, policyName.
func isName(word string) bool {
	return strings.ContainsAny(word, "_./:{}0123456789") || strings.ContainsFunc(word, unicode.IsUpper)
}

// noteKey: a note shows beside the key that it is about.
func (v *version) noteKey(at, key string) {
	path := strings.Split(key, ".")
	switch path[0] {
	case "connection":
		if _, ok := v.Connection[strings.Join(path[1:], ".")]; len(path) == 2 && !ok {
			v.report("note-key", at, fmt.Sprintf("%q declares no %q", path[0], path[1]), "")
			return
		}
	case "credentials":
		implied := []string{"api_key", "username", "password"}
		if _, ok := v.Credentials[strings.Join(path[1:], ".")]; len(path) == 2 && !ok && !slices.Contains(implied, path[1]) {
			v.report("note-key", at, fmt.Sprintf("%q declares no %q", path[0], path[1]), "")
			return
		}
	case "requests":
		if len(path) == 3 && (path[1] == "headers" || path[1] == "params") && !v.has(key) {
			v.report("note-key", at, fmt.Sprintf("%q declares no %q", path[0]+"."+path[1], path[2]), "")
			return
		}
	case "operations":
		if _, ok := v.Operations[path[min(1, len(path)-1)]]; len(path) > 1 && !ok {
			v.report("note-key", at, fmt.Sprintf("%q declares no %q", path[0], path[1]), "")
			return
		}
	case "auth":
	default:
		v.report("note-key", at, fmt.Sprintf("%q is no key of a version", key), "write it from the top, such as auth.pkce")
		return
	}
	if shape.Integration().At(path) == nil {
		v.report("note-key", at, fmt.Sprintf("%q is no key of a version", key), "write it from the top, such as auth.pkce")
	}
}
