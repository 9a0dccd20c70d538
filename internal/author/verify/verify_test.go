package verify_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nango-lite/nango-lite/internal/author/verify"
	"github.com/nango-lite/nango-lite/loader"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// check holds an entry to documents that are given as name and text.
func check(t *testing.T, entry string, docs ...string) loader.Diagnostics {
	t.Helper()
	var parsed []*verify.Document
	for i := 0; i < len(docs); i += 2 {
		d, err := verify.Parse(docs[i], []byte(docs[i+1]))
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, d)
	}
	c := loader.NewCatalog(fstest.MapFS{"keel.yaml": {Data: []byte(entry)}})
	_, ds, _ := c.Lookup("keel")
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	return verify.Check(c, "keel:v0", parsed)
}

// TestFindings: an entry that is like its document has no finding, and each value that is
// not is found at its line, with the place in the document.
func TestFindings(t *testing.T) {
	entry, document := read(t, "keel.yaml"), read(t, "keel-openapi.yaml")
	if ds := check(t, entry, "keel", document); len(ds) > 0 {
		t.Fatalf("the entry as it is: %v", ds)
	}
	for _, c := range []struct {
		name, old, new string // new stands at the line of the finding
		want           string // of the finding behind the place
	}{
		{"host", "keel.example/api", "keel.invalid/api", `nothing is at this base URL in keel, whose servers are https://*.keel.example/api/v2 (see keel#/servers) [verify-base-url]`},
		{"base path", ".keel.example/api", ".keel.example/rest", `nothing is at this base URL`},
		{"authorization URL", "id.keel.example/authorize", "id.keel.example/auth", `authorization_url is another in the document: https://id.keel.example/authorize (see keel#/components/securitySchemes/login/flows/authorizationCode/authorizationUrl) [verify-auth-url]`},
		{"token URL", "id.keel.example/token", "keel.example/token", `token_url is another in the document`},
		{"default scope", "[ships.read]", "[ship.read]", `no scope ship.read in the document (see keel#/components/securitySchemes/login/flows/authorizationCode/scopes) [verify-scope]`},
		{"scope of a token", "ships.read crews.read", "ships.read crew.write", `no scope crew.write`},
		{"no scopes", "default_scopes: [ships.read]", "scopes: none", `the document has 3 scopes`},
		{"path of verify", "GET, path: /v2/me}", "GET, path: /v2/mee}", `no path /api/v2/mee in keel; did you mean /api/v2/me? (see keel#/paths/~1me/get) [verify-path]`},
		{"path of a look-up", "/v2/crews/mine", "/v2/crews/me", `no path /api/v2/crews/me`},
		{"value of a look-up", "path: id\n", "path: ident\n", `the answer to GET /v2/crews/mine has nothing at "ident" (see keel#/components/schemas/Crew) [verify-body]`},
		{"path of an operation", "{path: /v2/ships, params", "{path: /v2/boats, params", `no path /api/v2/boats`},
		{"path that any text fits", "request: {path: \"/v2/ships/{id}\"}", "request: {path: /v2/ships/serch}", `serch is no name of the document in /api/v2/ships/serch; did you mean search?`},
		{"safe call", "[POST /v2/ships/search]", "[POST /v2/boats/search]", `no path /api/v2/boats/search`},
		{"list of its own", "POST /v2/ships/search:\n", "POST /v2/ships/look:\n", `no path /api/v2/ships/look`},
		{"method", "{method: GET, path: /v2/me}", "{method: PUT, path: /v2/me}", `the document has /api/v2/me with GET, not PUT (see keel#/paths/~1me) [verify-method]`},
		{"missing header", "Keel-Version: \"2026-01-01\"\n", "Other-Version: \"2026-01-01\"\n", ``}, // at headers
		{"older version", "headers:\n                Authorization: Bearer ${access_token}\n                Keel-Version: \"2026-01-01\"", "headers:\n                Authorization: Bearer ${access_token}\n                Keel-Version: \"2025-01-01\"", `version 2025-01-01 is older than the document's 2026-01-01; paths and bodies were not compared (see keel#/components/parameters/version/schema/default) [verify-version]`},
		{"newer version of token requests", "token_headers: {Keel-Version: \"2026-01-01\"}", "token_headers: {Keel-Version: \"2026-02-01\"}", `version 2026-02-01 is newer`},
		{"no version", "token_headers: {Keel-Version: \"2026-01-01\"}", "token_headers: {Keel-Version: latest}", `the value of Keel-Version is not of the form of the document's 2026-01-01`},
		{"parameter of a sample", "query: {state: afloat}", "query: {status: afloat}", `the call takes no parameter status (see keel#/paths/~1ships/get) [verify-parameter]`},
		{"value of a parameter", "query: {state: afloat}", "query: {state: ashore}", `"state" is none of the values in the document's enum (see keel#/paths/~1ships/get/parameters/2/schema) [verify-parameter]`},
		{"parameter of an operation", "params: {state:", "params: {status:", `the call takes no parameter status`},
		{"value of an input", "enum: [afloat, sunk]", "enum: [afloat, drowned]", `drowned is none of the values`},
		{"cursor's parameter", "request: after}", "request: cursor}", `GET /v2/ships takes no parameter cursor (see keel#/paths/~1ships/get) [verify-pagination]`},
		{"size's parameter", "limit: {request: limit,", "limit: {request: per_page,", `takes no parameter per_page`},
		{"largest page", "max: 200", "max: 100", `the largest page of GET /v2/ships is 200 in the document, not 100 (see keel#/paths/~1ships/get/parameters/1) [verify-page-size]`},
		{"largest page in prose", "{max: 50}", "{max: 500}", `the largest page of POST /v2/ships/search is 50 in the document, not 500`},
		{"items", "items: data", "items: ships", `has no list at "ships"`},
		{"cursor in the answer", "response: page.next", "response: page.after", `has nothing at "page.after"`},
		{"remaining", "header: X-Keel-Remaining", "header: X-RateLimit-Remaining", `answers in the document have X-Keel-Remaining`},
		{"member of an answer", "name: Ida", "nick: Ida", `"nick" is no member that the document has there (see keel#/components/responses/me/content/application~1json/schema) [verify-body]`},
		{"type in an answer", "id: 7", "id: seven", `"id" is of type string, in the document of type integer`},
		{"value in an answer", "role: captain", "role: cook", `"role" is none of the values`},
		{"deep member", "hull: {length: 12.5}", "hull: {width: 12.5}", `"width" is no member`},
		{"variant", "kind: sail, masts: 2", "kind: steam, masts: 2", ``},
		{"pattern", "{id: s1, name: Tern, hull", "{id: t1, name: Tern, hull", `"id" does not fit the document's pattern`},
		{"member of a request", "path: /v2/ships, body: {name: Tern}", "path: /v2/ships, body: {title: Tern}", `"title" is no member`},
		{"required member", `body: {name: "${input.name}", draught: 2.5}`, `body: {draught: "${input.name}"}`, `the call needs name (see keel#/paths/~1ships/post/requestBody/content/application~1json/schema) [verify-body]`},
		{"status", "status: 201", "status: 200", `the document answers POST /ships with 201, not 200 (see keel#/paths/~1ships/post/responses) [verify-status]`},
		{"output", "output: {fields: {id: id, name: name}}", "output: {fields: {id: id, name: title}}", `the answer has nothing at "title"`},
		{"path of an output", "output: {path: ship,", "output: {path: boat,", `the answer has nothing at "boat"`},
		{"code", "code: error.code", "code: error.kind", `no error in the document has anything at "error.kind" (see keel#/components/schemas/Failure) [verify-errors]`},
		{"message", "message: error.text", "message: error.message", `no error in the document has anything at "error.message"`},
		{"request id", "request_id: {body: error.id}", "request_id: {body: id}", `no error in the document has anything at "id"`},
		{"member of an error", "code: gone, text: Not here.", "kind: gone, text: Not here.", `"kind" is no member that the document has there (see keel#/components/schemas/Failure/properties/error) [verify-errors]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(entry, c.old) != 1 {
				t.Fatalf("%q stands %d times in the entry", c.old, strings.Count(entry, c.old))
			}
			changed := strings.Replace(entry, c.old, c.new, 1)
			line := 1 + strings.Count(entry[:strings.Index(entry, c.old)], "\n") + strings.Count(strings.TrimSuffix(c.new, "\n"), "\n")
			ds := check(t, changed, "keel", document)
			if c.name == "missing header" {
				line-- // the finding is at the headers, of which none is wrong
				line--
			}
			if !slices.ContainsFunc(ds, func(d loader.Diagnostic) bool { return d.Line == line && strings.Contains(d.String(), c.want) }) {
				t.Errorf("nothing at line %d like %q in\n%v", line, c.want, ds)
			}
		})
	}
}

// TestVerifyNamesItsScope: without the note nobody learns what verify needs.
func TestVerifyNamesItsScope(t *testing.T) {
	entry := strings.Replace(read(t, "keel.yaml"), "the scope crew.read.", "a scope.", 1)
	ds := check(t, entry, "keel", read(t, "keel-openapi.yaml"))
	want := "verify needs the scope crew.read, which neither default_scopes nor a note names (see keel#/paths/~1me/get) [verify-scope]"
	if len(ds) != 1 || !strings.Contains(ds[0].String(), want) {
		t.Errorf("got %v, want %s", ds, want)
	}
}

// small is an entry for documents of other kinds.
const small = `format: 1
name: keel
display_name: Keel
maintainer: nobody <nobody@keel.example>
versions:
    v0:
        auth: {auth_mode: OAUTH2, authorization_url: "https://id.keel.example/authorize", token_url: "https://id.keel.example/token", authorization_method: header}
        requests:
            base_url: https://api.keel.example/v1
            pagination: {kind: cursor, items: ships, cursor: {response: nextPageToken, request: pageToken}, limit: {request: maxResults, max: 250}}
            verify: {path: /ships}
        samples:
            - {request: {path: /ships}, response: {body: {ships: [{id: s1, length: 3}], nextPageToken: t}}}
        notes: [{text: It needs https://id.keel.example/ships.}]
`

const swagger = `{"swagger": "2.0", "host": "api.keel.example", "basePath": "/v1",
"securityDefinitions": {"login": {"type": "oauth2", "flow": "accessCode", "authorizationUrl": "https://id.keel.example/authorize", "tokenUrl": "https://id.keel.example/token", "scopes": {}}},
"paths": {"/ships": {"get": {"parameters": [{"name": "pageToken", "in": "query", "type": "string"}, {"name": "maxResults", "in": "query", "type": "integer", "maximum": 250}],
"responses": {"200": {"schema": {"$ref": "#/definitions/Ships"}}}}}},
"definitions": {"Ships": {"type": "object", "properties": {"nextPageToken": {"type": "string"}, "ships": {"type": "array", "items": {"properties": {"id": {"type": "string"}, "length": {"type": "integer"}}}}}}}}`

const discovery = `{"kind": "discovery#restDescription", "rootUrl": "https://api.keel.example/", "servicePath": "v1/",
"auth": {"oauth2": {"scopes": {"https://id.keel.example/ships": {}}}},
"resources": {"ships": {"methods": {"list": {"httpMethod": "GET", "path": "ships", "scopes": ["https://id.keel.example/ships"],
"parameters": {"pageToken": {"location": "query", "type": "string"}, "maxResults": {"location": "query", "type": "integer", "maximum": "250"}}, "response": {"$ref": "Ships"}}}}},
"schemas": {"Ships": {"type": "object", "properties": {"nextPageToken": {"type": "string"}, "ships": {"type": "array", "items": {"$ref": "Ship"}}}}, "Ship": {"type": "object", "properties": {"id": {"type": "string"}, "length": {"type": "integer"}}}}}`

const metadata = `{"issuer": "https://id.keel.example", "authorization_endpoint": "https://id.keel.example/authorize", "token_endpoint": "https://id.keel.example/token",
"token_endpoint_auth_methods_supported": ["client_secret_basic"], "code_challenge_methods_supported": ["S256"]}`

// TestKindsOfDocuments: the same mistakes are found by each kind that tells of them.
func TestKindsOfDocuments(t *testing.T) {
	for _, doc := range []struct {
		name, text string
		finds      []string
	}{
		{"swagger", swagger, []string{"path", "member", "size", "token"}},
		{"discovery", discovery, []string{"path", "member", "size", "scope"}},
		{"metadata", metadata, []string{"token", "client", "pkce"}},
	} {
		if ds := check(t, small, doc.name, doc.text); len(ds) > 0 {
			t.Errorf("%s: the entry as it is: %v", doc.name, ds)
		}
		for _, find := range doc.finds {
			change := map[string][3]string{
				"path":   {"verify: {path: /ships}", "verify: {path: /boats}", "no path /v1/boats"},
				"member": {"length: 3", "size: 3", `"size" is no member`},
				"size":   {"max: 250", "max: 500", "is 250 in the document, not 500"},
				"token":  {"keel.example/token", "keel.example/tokens", "token_url is another"},
				"scope":  {"It needs https://id.keel.example/ships.", "It needs a scope.", "verify needs the scope"},
				"client": {"authorization_method: header", "authorization_method: body", "the token endpoint takes client_secret_basic"},
				"pkce":   {"authorization_method: header", "pkce: plain, authorization_method: header", "the server takes S256 for PKCE"},
			}[find]
			ds := check(t, strings.Replace(small, change[0], change[1], 1), doc.name, doc.text)
			if len(ds) != 1 || !strings.Contains(ds[0].String(), change[2]) {
				t.Errorf("%s, %s: got %v, want one like %q", doc.name, find, ds, change[2])
			}
		}
	}
}

// TestDocumentsTogether: an API that is described in parts, with its sign-in apart.
func TestDocumentsTogether(t *testing.T) {
	entry := strings.Replace(small, "keel.example/token", "keel.example/tokens", 1)
	ds := check(t, entry, "discovery", discovery, "metadata", metadata)
	if len(ds) != 1 || !strings.Contains(ds[0].String(), "(see metadata#/token_endpoint)") {
		t.Errorf("got %v", ds)
	}
}

// TestReferencesToFiles: what a document refers to is looked for beside it, packed or not.
func TestReferencesToFiles(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(strings.ReplaceAll(swagger, "#/definitions/Ships", "https://keel.example/docs/shapes.json#/definitions/Ships")))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"keel.json.gz": packed.Bytes(), "shapes.json": []byte(strings.Replace(swagger, `"swagger": "2.0", `, "", 1))} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	docs, err := verify.Directory(dir).Documents(&verify.Corrections{}, "keel", "v0")
	if err != nil || len(docs) != 1 {
		t.Fatal(docs, err)
	}
	c := loader.NewCatalog(fstest.MapFS{"keel.yaml": {Data: []byte(strings.Replace(small, "length: 3", "size: 3", 1))}})
	ds := verify.Check(c, "keel:v0", docs)
	if len(ds) != 1 || !strings.Contains(ds[0].String(), "(see shapes#/definitions/Ships/properties/ships/items)") {
		t.Errorf("got %v", ds)
	}
	if docs, err := verify.Directory(dir).Documents(&verify.Corrections{}, "other", "v0"); docs != nil || err != nil {
		t.Errorf("an entry without a document: %v, %v", docs, err)
	}
	if _, err := verify.Directory(dir).Documents(&verify.Corrections{Documents: []string{"../keel"}}, "keel", "v0"); err == nil {
		t.Error("a name led out of the directory")
	}
	if _, err := verify.Parse("x", []byte(`{"openapi": "4.0"}`)); err == nil {
		t.Error("a document of an unknown kind was read")
	}
}

// FuzzDocument: whatever a document holds, comparing ends, and nothing panics.
func FuzzDocument(f *testing.F) {
	entry, err := os.ReadFile("testdata/keel.yaml")
	if err != nil {
		f.Fatal(err)
	}
	openapi, err := os.ReadFile("testdata/keel-openapi.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{string(openapi), swagger, discovery, metadata,
		`{"openapi": "3.1.0", "paths": {"/v2/me": {"get": {"responses": {"": {}, "2": {"content": {"application/json": {"schema": {"$ref": "#/x"}}}}}}}}, "x": {"allOf": [{"$ref": "#/x"}, {"$ref": "#/x"}, {"anyOf": [{"$ref": "#/x"}, {"$ref": "#/y"}]}]}, "y": {"oneOf": [{"$ref": "#/x"}, {"$ref": "#/y"}]}}`} {
		f.Add(text)
	}
	c := loader.NewCatalog(fstest.MapFS{"keel.yaml": {Data: entry}})
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := verify.Parse("fuzz", []byte(text)); err == nil {
			verify.Check(c, "keel:v0", []*verify.Document{d})
		}
	})
}
