package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// faultOf returns the fault of an API request: its header's, else the next one.
func (p *Provider) faultOf(r *http.Request) (string, *refusal) {
	value := r.Header.Get(faultHeader)
	if value == "" {
		return p.faults.takeAPI(), nil
	}
	name, rest, _ := strings.Cut(value, ";")
	f := strings.TrimSpace(name)
	if err := checkFault(f); err != nil {
		return "", refused(400, "invalid_request", "%s: %s", faultHeader, err)
	}
	times, id := -1, ""
	for option := range strings.SplitSeq(rest, ";") {
		key, v, _ := strings.Cut(strings.TrimSpace(option), "=")
		switch key {
		case "times":
			times, _ = strconv.Atoi(v)
		case "id":
			id = v
		}
	}
	switch {
	case faultOfToken(f) && id == "":
		times = 1
	case faultOfToken(f) && !p.faults.again(id, 1), !faultOfToken(f) && id != "" && !p.faults.again(id, times):
		return "", nil
	}
	if faultOfToken(f) {
		_ = p.faults.ask(f, times) // checked above
		return faultExpired, nil
	}
	return f, nil
}
