package match

import (
	"regexp"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
)

var (
	SegmentName = lazyregexp.New(`\{[^{}/]*\}`)
	placeholder = lazyregexp.New(`\$\{[^{}]*\}`)
)

// TemplateToSegments writes placeholders as {name}.
func TemplateToSegments(path string) string { return placeholder().ReplaceAllString(path, "{x}") }

// PathPattern compiles a path in which {name} stands for (a part of) one segment.
func PathPattern(path string) *regexp.Regexp {
	var re strings.Builder
	last := 0
	for _, m := range SegmentName().FindAllStringIndex(path, -1) {
		re.WriteString(regexp.QuoteMeta(path[last:m[0]]) + `[^/]+`)
		last = m[1]
	}
	re.WriteString(regexp.QuoteMeta(path[last:]))
	return regexp.MustCompile("^" + strings.TrimSuffix(re.String(), "/") + "/?$")
}
