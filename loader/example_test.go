package loader_test

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"os"
	"testing/fstest"

	"github.com/nango-lite/nango-lite/loader"
)

func ExampleLoadBytes() {
	file := []byte(`
integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: 8f1c2d34-invented
        oauth_client_secret: ${NOTION_CLIENT_SECRET}
        oauth_scopes: ''
`)
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", file, &loader.Options{
		LookupEnv: func(name string) (string, bool) { return "an-invented-secret", name == "NOTION_CLIENT_SECRET" },
	})
	if err := diags.Err(); err != nil {
		log.Fatal(err)
	}
	notion := cfg.Integrations["notion"]
	fmt.Println(notion.DisplayName, notion.Requests.BaseURL, notion.OAuthClientSecret)

	// Output:
	// Notion https://api.notion.com [REDACTED]
}

// Everything that is wrong is found in one run. What is whole can be used.
func ExampleDiagnostics() {
	file := []byte(`integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_scope: ''
        log_level: inof
    github:
        extends_blueprint: github:v0
`)
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", file, nil)
	if err := diags.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	fmt.Println("errors:", diags.HasErrors())
	for name := range cfg.Integrations {
		fmt.Println("whole:", name)
	}

	// Output:
	// integrations.yaml:4:9: error: unknown key "oauth_scope"; did you mean "oauth_scopes"? [unknown-key]
	// integrations.yaml:5:20: error: "log_level" must be one of error, warn, info, debug, silent, http, verbose, silly; did you mean "info"? [bad-value]
	// errors: true
	// whole: github
}

// Blueprints of a host's own lie in a file system, such as a directory or an
// embed.FS. They go over the bundled ones.
func ExampleOptions_blueprints() {
	own := fstest.MapFS{"harbour.yaml": {Data: []byte(`
format: 1
name: harbour
display_name: Harbour
maintainer: Mira Oland <mira@harbour.example>
versions:
    v0:
        auth: {auth_mode: API_KEY}
        requests:
            base_url: https://api.harbour.example
            headers: {X-Api-Key: '${api_key}'}
`)}}
	file := []byte("integrations: {tides: {extends_blueprint: 'harbour:v0'}}")
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", file, &loader.Options{
		Blueprints: []fs.FS{own}, // or loader.Dir("blueprints")
	})
	if err := diags.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(cfg.Integrations["tides"].Requests.BaseURL)

	// Output:
	// https://api.harbour.example
}

// Values say what is in force and where it came from, with secrets hidden.
func ExampleLoadBytes_values() {
	file := []byte(`integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: ${NOTION_CLIENT_ID}
        oauth_client_secret: ${NOTION_CLIENT_SECRET}
        oauth_scopes: ''
        max_retries: 5
`)
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", file, &loader.Options{
		LookupEnv: func(string) (string, bool) { return "invented", true },
	})
	if err := diags.Err(); err != nil {
		log.Fatal(err)
	}
	for _, v := range cfg.Integrations["notion"].Values {
		switch v.Path {
		case "auth.auth_mode", "http_request_timeout_seconds", "oauth_client_id", "oauth_client_secret", "requests.retries.max_retries":
			from := v.Origin.String() // file:line, as editors link it
			if v.Origin.Blueprint != "" {
				from = "blueprint " + v.Origin.Blueprint
			}
			fmt.Printf("%s = %s\n\tfrom %s\n", v.Path, v.Text, from)
		}
	}

	// Output:
	// auth.auth_mode = OAUTH2
	// 	from blueprint notion:v0
	// http_request_timeout_seconds = 100
	// 	from default
	// oauth_client_id = invented
	// 	from env:NOTION_CLIENT_ID (integrations.yaml:4)
	// oauth_client_secret = [REDACTED]
	// 	from env:NOTION_CLIENT_SECRET (integrations.yaml:5)
	// requests.retries.max_retries = 5
	// 	from integrations.yaml:7
}
