package loader_test

import (
	"context"
	"fmt"
	"os"

	"github.com/nango-lite/nango-lite/loader"
)

func ExampleLoadBytes() {
	const file = `integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: my-app
        oauth_client_secret: ${NOTION_CLIENT_SECRET}
        oauth_scope: ''
    github:
        extends_blueprint: github:v0
`
	nothing := func(string) (string, bool) { return "", false }
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", []byte(file), &loader.Options{LookupEnv: nothing})
	_ = diags.WriteText(os.Stdout)
	fmt.Println("whole:", len(cfg.Integrations), "with", cfg.Integrations["github"])
	// Output:
	// integrations.yaml:5:30: error: variable NOTION_CLIENT_SECRET is not set; set it, or put it into .env beside this file [unset-variable]
	// integrations.yaml:6:9: error: unknown key "oauth_scope"; did you mean "oauth_scopes"? [unknown-key]
	// whole: 1 with integration github (github:v0)
}
