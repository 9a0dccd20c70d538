package lint

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// kindOf returns the kind of a sample, api unless stated.
func kindOf(s schema.Sample) string {
	if s.Kind == "" {
		return schema.SampleAPI
	}
	return s.Kind
}

// of returns the samples of a kind, by their index.
func (v *version) of(kind string) map[int]schema.Sample {
	out := map[int]schema.Sample{}
	for i, s := range v.Samples {
		if kindOf(s) == kind {
			out[i] = s
		}
	}
	return out
}

func sampleAt(i int, below string) string { return "samples." + strconv.Itoa(i) + below }

// missing reports that a kind of sample is not there.
func (v *version) missing(kind, why string) {
	v.report("missing-sample", "samples", fmt.Sprintf("no sample of kind %s, %s", kind, why), "add one in your own words, with invented data")
}

// samples checks which samples there are.
func samples(v *version) {
	if len(v.of(schema.SampleAPI)) == 0 {
		v.missing(schema.SampleAPI, "from which the sandbox answers")
	}
	v.requests()
	v.duplicates()
	if c := v.Requests.Verify; c != nil && len(v.of(schema.SampleAPI)) > 0 && !v.samplesCall(c.Method, c.Path) {
		v.report("missing-sample", "requests.verify.path", "no sample shows the answer to verify", "add one for "+method(c.Method)+" "+c.Path)
	}
	v.rateLimited()
}

func (v *version) requests() {
	for i, s := range v.of(schema.SampleAPI) {
		if s.Request == nil {
			v.report("sample-request", sampleAt(i, ""), "an api sample says what is asked", "give it a request, or another kind")
		}
	}
}

func (v *version) duplicates() {
	seen := map[string]int{}
	for i, s := range v.Samples {
		if s.Request == nil {
			continue
		}
		id := strings.Join([]string{kindOf(s), method(s.Request.Method), s.Request.Path, encoded(s.Request.Query), encoded(s.Request.Body), strconv.Itoa(statusOf(s.Response))}, "\x00")
		if first, twice := seen[id]; twice {
			v.report("duplicate-sample", sampleAt(i, ".request"), fmt.Sprintf("sample %d answers the same request", first+1), "")
			continue
		}
		seen[id] = i
	}
}

func method(m string) string {
	if m == "" {
		return "GET"
	}
	return m
}

// samplesCall reports whether a good answer to a call is among the samples.
func (v *version) samplesCall(m, path string) bool {
	for _, s := range v.of(schema.SampleAPI) {
		if s.Request != nil && method(s.Request.Method) == method(m) && samePath(path, s.Request.Path) && statusOf(s.Response) < 300 {
			return true
		}
	}
	return false
}

// samePath compares segments; ${…} and {…} stand for any.
func samePath(a, b string) bool {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] && !strings.Contains(x[i], "${") && !strings.Contains(x[i]+y[i], "{") {
			return false
		}
	}
	return true
}

// encoded writes a value so that equal ones are equal.
func encoded(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
