package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// faultOf returns the fault of an API request: its header's, else the next one.
func (p *API) faultOf(r *http.Request) (string, *message.Refusal) {
	value := r.Header.Get(play.FaultHeader)
	if value == "" {
		return p.Faults.TakeAPI(), nil
	}
	name, rest, _ := strings.Cut(value, ";")
	f := strings.TrimSpace(name)
	if err := play.CheckFault(f); err != nil {
		return "", message.Refused(400, "invalid_request", "%s: %s", play.FaultHeader, err)
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
	case play.FaultOfToken(f) && id == "":
		times = 1
	case play.FaultOfToken(f) && !p.Faults.Again(id, 1), !play.FaultOfToken(f) && id != "" && !p.Faults.Again(id, times):
		return "", nil
	}
	if play.FaultOfToken(f) {
		_ = p.Faults.Ask(f, times) // checked above
		return play.FaultExpired, nil
	}
	return f, nil
}
