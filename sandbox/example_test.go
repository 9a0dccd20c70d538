package sandbox_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

const exampleFile = `
integrations:
    airtable:
        extends_blueprint: airtable:v0
        time_between_retries_sec: 0 # nobody likes to wait in a test
`

// stop ends an example that went wrong.
func stop(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A host's test gives its engine the sandbox as transport.
func Example() {
	ctx := context.Background()
	cfg, diags := loader.LoadBytes(ctx, "integrations.yaml", []byte(exampleFile), nil)
	stop(diags.Err())

	airtable, err := sandbox.New(cfg.Integrations["airtable"], nil)
	stop(err)
	eng, err := engine.New(cfg, &engine.Options{Transport: sandbox.NewMux(airtable).Transport()})
	stop(err)

	key := engine.Key{Integration: "airtable", ConnectionID: "test"}
	_, err = eng.Connect(ctx, key, engine.Credentials{APIKey: schema.NewSecret("invented")}, nil)
	stop(err)
	client, err := eng.Client(key)
	stop(err)
	resp, err := client.Get("/v0/meta/whoami")
	stop(err)
	resp.Body.Close()
	fmt.Println(resp.Status, "after", airtable.Stats().Calls, "request")

	// Output:
	// 200 OK after 1 request
}

// An integration may also be made by hand, and any client may use it.
func ExampleNew() {
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

// Faults happen on demand. This provider is down for two requests.
func ExampleProvider_Fault() {
	ctx := context.Background()
	cfg, diags := loader.LoadBytes(ctx, "integrations.yaml", []byte(exampleFile), nil)
	stop(diags.Err())
	airtable, err := sandbox.New(cfg.Integrations["airtable"], nil)
	stop(err)
	eng, err := engine.New(cfg, &engine.Options{Transport: sandbox.NewMux(airtable).Transport()})
	stop(err)
	key := engine.Key{Integration: "airtable", ConnectionID: "test"}
	_, err = eng.Connect(ctx, key, engine.Credentials{APIKey: schema.NewSecret("invented")}, nil)
	stop(err)

	stop(airtable.Fault(sandbox.FaultUnavailable, 2))
	client, err := eng.Client(key)
	stop(err)
	resp, err := client.Get("/v0/meta/whoami")
	stop(err)
	resp.Body.Close()
	fmt.Println(resp.Status, "after", airtable.Stats().Calls, "requests")

	// Output:
	// 200 OK after 3 requests
}

// A Mux is an http.Handler as well: it plays providers on a port, for programs
// that are not written in Go.
func ExampleMux() {
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", []byte(exampleFile), nil)
	stop(diags.Err())
	airtable, err := sandbox.New(cfg.Integrations["airtable"], nil)
	stop(err)
	server := httptest.NewServer(sandbox.NewMux(airtable))
	defer server.Close()

	// https://api.airtable.com/v0/meta/whoami is played here:
	r, err := http.NewRequest("GET", server.URL+"/airtable/api.airtable.com/v0/meta/whoami", nil)
	stop(err)
	resp, err := http.DefaultClient.Do(r)
	stop(err)
	resp.Body.Close()
	fmt.Println(resp.Status)
	fmt.Println(resp.Header.Get("X-Sandbox-Refusal"))

	// Output:
	// 401 Unauthorized
	// unauthorized: header Authorization is missing; it reads "Bearer ${api_key}"
}
