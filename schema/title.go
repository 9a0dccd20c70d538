package schema

import (
	"cmp"
	"strings"
)

// spelled are words of names that have a spelling of their own.
var spelled = map[string]string{
	"api": "API", "arn": "ARN", "id": "ID", "sso": "SSO", "uri": "URI", "url": "URL", "username": "user name",
}

// TitleOf makes a title of the name of a field that has none: "API key" of api_key.
func TitleOf(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words {
		words[i] = cmp.Or(spelled[w], w)
	}
	title := strings.Join(words, " ")
	if title == "" {
		return ""
	}
	return strings.ToUpper(title[:1]) + title[1:]
}
