package sandbox_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A host's test plays the provider and gives its transport to the engine
// (engine.Options.Transport), or as here to any client.
func Example() {
	weather := &schema.Integration{
		Name:     "weather",
		Auth:     schema.Auth{AuthMode: schema.APIKey},
		Requests: schema.Requests{BaseURL: "https://api.weather.example.com", Headers: map[string]string{"X-Api-Key": "${api_key}"}},
		Samples: []schema.Sample{{
			Request:  &schema.SampleRequest{Path: "/v1/cities/{city}"},
			Response: schema.SampleResponse{Body: map[string]any{"sky": "clear"}},
		}},
	}
	provider, err := sandbox.New(weather, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: sandbox.NewMux(provider).Transport()}
	for _, key := range []string{"any key will do", ""} {
		r, _ := http.NewRequestWithContext(context.Background(), "GET", "https://api.weather.example.com/v1/cities/oslo", nil)
		r.Header.Set("X-Api-Key", key)
		resp, err := client.Do(r)
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = resp.Body.Close()
		fmt.Printf("%d %q\n", resp.StatusCode, resp.Header.Get(sandbox.RefusalHeader))
	}
	// Output:
	// 200 ""
	// 401 "unauthorized: header X-Api-Key is missing; it reads \"${api_key}\""
}
