package console

import (
	"strings"

	"github.com/nango-lite/nango-lite/internal/suggest"
)

// DidYouMean offers the name that is close to the one given, or else all.
func DidYouMean(given string, names []string) string {
	if name := suggest.Nearest(given, names); name != "" {
		return "did you mean " + name + "?"
	}
	const most = 12
	if len(names) > most {
		return "there are " + strings.Join(names[:most], ", ") + " and more"
	}
	return "there are " + strings.Join(names, ", ")
}
