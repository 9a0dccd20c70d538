package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// condition puts a condition on an answer into words.
func condition(c schema.Condition) string {
	var parts []string
	if len(c.Status) > 0 {
		parts = append(parts, "status "+orInts(c.Status))
	}
	if len(c.Code) > 0 {
		parts = append(parts, "code "+or(c.Code))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		parts = append(parts, equals("header "+name, c.Header[name]))
	}
	for _, path := range slices.Sorted(maps.Keys(c.Body)) {
		what := "body"
		if path != schema.Itself {
			what += " " + path
		}
		parts = append(parts, equals(what, scalars(c.Body[path])))
	}
	return strings.Join(parts, ", ")
}

func equals(what, value string) string {
	if value == "*" {
		return "any " + what
	}
	return what + " " + value
}

func scalars(v any) string {
	if m, ok := v.(map[string]any); ok {
		if part, ok := m[schema.PartContains]; ok {
			return "with " + scalars(part) + " in it"
		}
		return "that begins with " + scalars(m[schema.PartPrefix])
	}
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = fmt.Sprint(e)
	}
	return or(texts)
}

// or joins alternatives: "a", "a or b", "a, b or c".
func or(list []string) string { return series(list, "or") }

func and(list []string) string { return series(list, "and") }

func series(list []string, word string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " " + word + " " + list[last]
}

func orInts(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return or(texts)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// limitInWords says how a rate limit is met, in sentences.
func limitInWords(r *schema.RateLimit) []string {
	if r == nil {
		r = &schema.RateLimit{}
	}
	out := []string{"An answer with " + detected(r) + " means: too many requests. The call waits and is made again."}
	untold := "waits double."
	if s := r.DefaultWaitSeconds; s != nil {
		untold = "the wait is " + strconv.FormatFloat(*s, 'f', -1, 64) + " s."
	}
	if waits := waitsInWords(r.Wait); waits != "" && r.DefaultWaitSeconds == nil {
		out = append(out, "How long to wait stands in "+waits+"; Retry-After counts as well, in seconds or as a date.")
	} else if waits != "" {
		out = append(out, "How long to wait stands in "+waits+"; Retry-After counts as well, in seconds or as a date; without them, "+untold)
	} else {
		out = append(out, "How long to wait stands in Retry-After, in seconds or as a date; without it, "+untold)
	}
	if m := r.Remaining; m != nil {
		text := "Every answer says in " + m.Header + " how much is left"
		if m.Reset != nil {
			text += ", and in " + place(m.Reset.Wait()) + " when the count starts anew"
		}
		out = append(out, text+". At nothing left, the next call waits before it is sent.")
	}
	return append(out, budgetInWords(r.Budget))
}

func detected(r *schema.RateLimit) string {
	if len(r.Detect) == 0 {
		return "status 429"
	}
	texts := make([]string, len(r.Detect))
	for i, c := range r.Detect {
		texts[i] = condition(c)
	}
	return strings.Join(texts, ", or with ")
}

func waitsInWords(waits []schema.Wait) string {
	var out []string
	for _, w := range waits {
		if !strings.EqualFold(w.Header, "Retry-After") {
			out = append(out, place(w))
		}
	}
	return or(out)
}

var formats = map[string]string{
	"seconds":            "seconds",
	"milliseconds":       "milliseconds",
	"date":               "a date",
	"iso_date":           "an ISO date",
	"epoch_seconds":      "a point in time, in epoch seconds",
	"epoch_milliseconds": "a point in time, in epoch milliseconds",
	"ratelimit":          "the IETF RateLimit field",
}

// place is where an answer says how long to wait, and in which form.
func place(w schema.Wait) string {
	where := w.Header
	if where == "" {
		where = w.Body + " of the body"
	}
	return where + " (" + cmp.Or(formats[w.Format], "seconds or a date") + ")"
}

func budgetInWords(b *schema.Budget) string {
	if b == nil {
		return "There is no budget of our own: the API speaks first."
	}
	whom := "all connections of an integration together"
	if b.Scope == "connection" {
		whom = "each connection"
	}
	var parts []string
	if b.Requests > 0 {
		text := fmt.Sprintf("at most %s in %s", plural(int(b.Requests), "request"), plural(int(cmp.Or(b.PerSeconds, 1)), "second"))
		if b.PerSeconds == 0 || b.PerSeconds == 1 {
			text = fmt.Sprintf("at most %s a second", plural(int(b.Requests), "request"))
		}
		if b.Burst > 1 {
			text += fmt.Sprintf(", %d of them at once", b.Burst)
		}
		parts = append(parts, text)
	}
	if b.Concurrency > 0 {
		parts = append(parts, fmt.Sprintf("no more than %d under way", b.Concurrency))
	}
	return "Before being told, we allow " + whom + " " + strings.Join(parts, ", and ") + "."
}

func meanings(e *schema.Errors) []Meaning {
	out := []Meaning{}
	if e == nil {
		return out
	}
	for _, r := range e.Rules {
		kind := r.Kind
		switch {
		case r.Retry != nil && *r.Retry:
			kind = strings.TrimPrefix(kind+", after retries", ", ")
		case r.Retry != nil:
			kind = strings.TrimPrefix(kind+", without a retry", ", ")
		}
		out = append(out, Meaning{condition(r.When), kind})
	}
	return out
}
