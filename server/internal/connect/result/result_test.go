package result

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
)

func TestRedirectAllowed(t *testing.T) {
	list := []string{"https://app.example/done", "https://app.example/fixed?a=b"}
	for text, want := range map[string]bool{
		"https://app.example/done": true, "https://app.example/done?mine=1": true, "https://app.example/fixed?a=b": true,
		"https://app.example/fixed?a=c": false, "https://app.example/done/": false, "https://app.example/done#x": false,
		"https://app.example/done?x= y": false, "https://user@app.example/done": false, "javascript:alert(1)": false, "//app.example/done": false,
	} {
		if got := redirectAllowed(text, list); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

// The three places that a result is told at say the same, in the words that Nango's
// clients have there.
func TestWhatIsTold(t *testing.T) {
	k := engine.Key{Integration: "tides", ConnectionID: "a"}
	for _, c := range []struct {
		result                   Result
		message, event, redirect string
	}{
		{
			Result{Key: k, Pending: true},
			`{"connection_id":"a","is_pending":true,"message_type":"success","provider_config_key":"tides"}`,
			`{"payload":{"connectionId":"a","isPending":true,"providerConfigKey":"tides"},"type":"connect"}`,
			"https://app.example/done?connection_id=a&is_pending=true&mine=1&provider_config_key=tides",
		},
		{
			Result{Key: k, Err: fault.New(http.StatusBadRequest, "state_err", "it has ended")},
			`{"connection_id":"a","error_desc":"it has ended","error_type":"state_err","message_type":"error","provider_config_key":"tides"}`,
			`{"payload":{"errorMessage":"it has ended","errorType":"state_err","providerConfigKey":"tides"},"type":"error"}`,
			"https://app.example/done?error=state_err&error_description=it+has+ended&mine=1&provider_config_key=tides",
		},
	} {
		message, _ := json.Marshal(c.result.message())
		event, _ := json.Marshal(c.result.event())
		redirect := c.result.redirectTo("https://app.example/done?mine=1")
		if string(message) != c.message || string(event) != c.event || redirect != c.redirect {
			t.Errorf("got\n%s\n%s\n%s", message, event, redirect)
		}
	}
}
