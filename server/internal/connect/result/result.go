package result

import (
	"net/url"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
)

// A Result is what came of a connect flow.
type Result struct {
	Key     engine.Key
	Pending bool         // the connection is there, and fields of it are still open
	Err     *fault.Error // nil: it was connected
}

// message is the result as Nango's frontend client reads it from its WebSocket.
func (r *Result) message() map[string]any {
	if r.Err != nil {
		return map[string]any{
			"message_type": "error", "provider_config_key": r.Key.Integration, "connection_id": r.Key.ConnectionID,
			"error_type": r.Err.Code, "error_desc": r.Err.Message,
		}
	}
	return map[string]any{
		"message_type": "success", "provider_config_key": r.Key.Integration, "connection_id": r.Key.ConnectionID, "is_pending": r.Pending,
	}
}

// event is the result as the page that opened the window gets it, in the words that
// Nango's Connect UI has for it.
func (r *Result) event() map[string]any {
	if r.Err != nil {
		return map[string]any{"type": "error", "payload": map[string]any{
			"errorType": r.Err.Code, "errorMessage": r.Err.Message, "providerConfigKey": r.Key.Integration,
		}}
	}
	return map[string]any{"type": "connect", "payload": map[string]any{
		"providerConfigKey": r.Key.Integration, "connectionId": r.Key.ConnectionID, "isPending": r.Pending,
	}}
}

// redirectTo adds the result to the URL that the browser is sent to.
func (r *Result) redirectTo(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text // it was checked
	}
	q := u.Query()
	q.Set("provider_config_key", r.Key.Integration)
	if r.Err != nil {
		q.Set("error", r.Err.Code)
		q.Set("error_description", r.Err.Message)
	} else {
		q.Set("connection_id", r.Key.ConnectionID)
		if r.Pending {
			q.Set("is_pending", "true")
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}
