package fault

import (
	"strings"
	"unicode"

	"github.com/nango-lite/nango-lite/schema"
)

// What is shown of a provider's own words.
const (
	mostWords  = 300      // characters
	mostOfText = 64 << 10 // bytes: a longer text is no sentence for a person
)

// usualWords is where answers have words for a person, in this order: RFC 6749 5.2,
// then what most APIs call it.
var usualWords = schema.Paths{
	"error_description", "error.message", "error.detail", "message", "errors.0.message", "errors.0.detail", "detail", "title",
	"error.error_user_msg", "errorMessage", "error_message", "errorSummary", "err_msg", "errmsg", "msg", "reason", "Error.Message", "Message", "errors.0", "error",
}

// WordsIn returns the words for a person in the document of a failed answer: at the
// declared paths, else where they usually stand. What is one word, such as a code, is
// no sentence. They are as the provider wrote them; see [Words].
func WordsIn(doc any, declared schema.Paths) string {
	if _, text := schema.FirstAt(doc, declared); text != "" {
		return text
	}
	for _, path := range usualWords {
		if text, _ := schema.TextAt(doc, path); strings.ContainsFunc(strings.TrimSpace(text), unicode.IsSpace) {
			return text
		}
	}
	return ""
}

// Words returns a provider's own words as they may be shown: without what mask takes
// out, on one line, without control characters, and not too long. It is masked before
// it is cut, so that no half of a secret is left at the end.
func Words(text string, mask func(string) string) string {
	if text == "" || len(text) > mostOfText {
		return ""
	}
	text = strings.ToValidUTF8(mask(text), "\ufffd")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if runes := []rune(text); len(runes) > mostWords {
		text = strings.TrimSpace(string(runes[:mostWords])) + "…"
	}
	return text
}
