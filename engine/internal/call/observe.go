package call

import (
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// eventOf tells what a layer did, as an event.
func eventOf(b *binding, call *layer.Call, n layer.Notice) event.Event {
	ev := event.Event{Key: b.of.Key, Method: n.Request.Method, Attempt: n.Attempt, Time: n.Time, Wait: n.Wait, Duration: n.Duration, Reason: n.Reason}
	switch n.Kind {
	case layer.CallEnded:
		ev.Kind = event.Call
	case layer.AttemptEnded:
		ev.Kind = event.Attempt
	case layer.Waiting:
		ev.Kind = event.Wait
	case layer.BodyBroke:
		ev.Kind = event.Body
	}
	if ev.Method == "" {
		ev.Method = "GET"
	}
	if n.Response != nil {
		ev.Status = n.Response.StatusCode
	}
	if n.Response != nil && b.api.looks() {
		if why := unseen(n); why != "" {
			ev.Reason = strings.TrimPrefix(ev.Reason+"; "+why+", so what is declared about bodies does not apply", "; ")
		}
	}
	ev.URL = call.ShownURL(n.Request.URL)
	if n.Err != nil && n.Kind != layer.Waiting {
		ev.Err = callError(call.Context, b.of.Key, call, n.Err)
	}
	return ev
}

// unseen says why declared rules do not see an answer's body: with the attempt, or, where
// its length shows when it is read alone, with the call, when rules have looked.
func unseen(n layer.Notice) string {
	told := n.Response.ContentLength >= 0
	if told && n.Kind == layer.AttemptEnded || !told && n.Kind == layer.CallEnded {
		return answer.Unseen(n.Response)
	}
	return ""
}
