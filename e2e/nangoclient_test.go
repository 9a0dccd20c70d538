package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// A nangoSaw is what a method of Nango's client made of an answer.
type nangoSaw struct {
	Value           json.RawMessage
	Status          int
	Code            string
	Message, Thrown string
}

// Nango's own client works unchanged: each of its methods about the catalog, connections
// and calls gives what it gives elsewhere, or says what there is not.
func TestNangoClient(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	n := install(t, `integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: 5a1d1c2e-8b7e-4a53-a2b5-0c9e7d6f4b31
        oauth_client_secret: secret_Rn7VxQ2k
        oauth_scopes: ''
    echo:
        auth: {auth_mode: API_KEY}
        requests: {base_url: https://echo.example/api, headers: {X-Echo-Key: "${api_key}"}}
        operations:
            move_thing:
                summary: Move a thing.
                request: {method: POST, path: "/v1/things/${input.id}/move", body: {to: "${input.to}"}}
                input:
                    type: object
                    properties: {id: {type: string, description: Its id.}, to: {type: string, description: Where to.}}
                    required: [id]
            list_things: {summary: List things., request: {path: /v1/things}}
`)
	server := n.start("--sandbox", "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	url, key := server.line(), server.line()
	const signing = "signing-0123456789-0123456789-0123456789"
	out := startNode(t, []string{"URL=" + url, "KEY=" + key, "SIGNING=" + signing}, "nango.mjs").end()
	var saw map[string]nangoSaw
	if err := json.Unmarshal([]byte(out.stdout), &saw); err != nil {
		t.Fatalf("exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}

	for method, parts := range map[string][]string{ // that the value holds, as JSON
		"import":                       {`"status":201`, `"connection_id":"a/b c"`, `"apiKey":"invented-key"`},
		"listProviders":                {`[["notion","OAUTH2"]]`},
		"getProvider":                  {`"name":"airtable"`, `"display_name":"Airtable"`, `"auth_mode":"OAUTH2"`, `"proxy":{"base_url":"https://api.airtable.com`},
		"listIntegrations":             {`["echo","notion"]`},
		"getIntegration":               {`"unique_key":"notion"`, `"provider":"notion"`, `"client_id":"5a1d1c2e-`, `"client_secret":null`},
		"listConnections":              {`["echo/a/b c","echo/default","notion/default"]`},
		"listConnections.user":         {`"connection_id":"a/b c"`, `"end_user":{"id":"7","email":"mira@example.com"`, `"region":"north"`},
		"listConnections.old":          {`["echo/a/b c"]`},
		"listConnections.none":         {`[]`},
		"getConnection":                {`"credentials":{"apiKey":"invented-key","type":"API_KEY"}`, `"metadata":{"plan":"gold"}`, `"connection_config":{}`},
		"getToken":                     {`"string"`},
		"getToken.forced":              {`true`},
		"getRawTokenResponse":          {`"access_token"`},
		"setMetadata":                  {`"seats":3`},
		"updateMetadata":               {`"connection_id":["a/b c"]`},
		"getMetadata":                  {`{"plan":"silver","seats":4}`},
		"patchConnection":              {`{"success":true}`},
		"patchConnection.seen":         {`{"region":"south"}`},
		"waitForConnection":            {`listConnections`},
		"get":                          {`"status":200`, `"method":"GET"`, `/v1/things/7`, `a b\u0026c`, `get`},
		"post":                         {`"status":200`, `"method":"POST"`, `{"sent":"post"}`},
		"put":                          {`"status":200`, `"method":"PUT"`, `{"sent":"put"}`},
		"patch":                        {`"status":200`, `"method":"PATCH"`, `{"sent":"patch"}`},
		"delete":                       {`"status":200`, `"method":"DELETE"`, `{"sent":"delete"}`},
		"proxy":                        {`"status":200`, `"method":"PUT"`, `plain`},
		"proxy.allowed":                {`"status":200`},
		"triggerAction":                {`"method":"POST"`, `/v1/things/a%2Fb/move`, `{"to":"pier"}`},
		"getScriptsConfig":             {`"providerConfigKey":"echo"`, `"name":"move_thing"`, `"type":"action"`, `"syncs":[]`, `"json_schema":{`},
		"getScriptsConfig.openai":      {`[{"name":"list_things","description":"List things.","parameters":{"properties":{},"required":[],"type":"object"}}`, `"required":["id"]`},
		"verifyIncomingWebhookRequest": {`[true,false]`},
		"deleteConnection":             {`"status":200`, `"success":true`},
	} {
		t.Run(method, func(t *testing.T) {
			got := strings.NewReplacer(`&`, `\u0026`).Replace(string(saw[method].Value))
			for _, part := range parts {
				if !strings.Contains(got, part) {
					t.Errorf("got %s (%+v), want %s", got, saw[method], part)
				}
			}
		})
	}
	for method, want := range map[string]nangoSaw{
		"getProvider.none": {Status: 404, Code: "not_found"}, "getIntegration.none": {Status: 404, Code: "not_found"},
		"getConnection.none": {Status: 404, Code: "not_found"}, "setMetadata.none": {Status: 404, Code: "unknown_connection"},
		"proxy.override": {Status: 400, Code: "base_url_override_not_allowed"}, "proxy.none": {Status: 404, Code: "not_found"},
		"proxy.wrong": {Status: 401, Code: "unknown_api_key"}, "deleteConnection.gone": {Status: 404, Code: "not_found"},
	} {
		t.Run(method, func(t *testing.T) {
			if got := saw[method]; got.Status != want.Status || got.Code != want.Code || got.Message == "" {
				t.Errorf("got %+v, want %d %s", got, want.Status, want.Code)
			}
		})
	}
	for _, method := range []string{
		"getProviderTemplates", "createIntegration", "createQuickstartIntegration", "updateIntegration", "deleteIntegration",
		"triggerSync", "startSync", "pauseSync", "syncStatus", "updateSyncConnectionFrequency", "createSyncVariant", "deleteSyncVariant",
		"listRecords", "pruneRecords", "getEnvironmentVariables", "listFunctions", "triggerActionAsync", "getAsyncActionResult",
	} {
		t.Run(method, func(t *testing.T) {
			if got := saw[method]; got.Status != 501 || got.Code != "not_implemented" || got.Message == "" {
				t.Errorf("got %+v, want 501 in words", got)
			}
		})
	}
}
