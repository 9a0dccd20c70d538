package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// An api is where calls are drawn from.
type api struct {
	Name      string            `yaml:"name"`
	Documents string            `yaml:"documents"` // below the directory, a pattern
	BaseURL   string            `yaml:"base_url"`
	Strip     string            `yaml:"strip"`   // what paths of the document have before the base's
	Below     *string           `yaml:"below"`   // path of the server below base_url; absent: the document's
	Own       []string          `yaml:"own"`     // parameters that the integration sends with every call
	Effects   map[string]string `yaml:"effects"` // where the method lies
	Not       map[string]string `yaml:"not"`     // what is no operation though the document does not tell
}

const dir = "internal/author/hundred/testdata"

func readAPIs() ([]api, error) {
	data, err := os.ReadFile(filepath.Join(dir, "apis.yaml"))
	if err != nil {
		return nil, err
	}
	var file struct{ APIs []api }
	return file.APIs, yaml.Unmarshal(data, &file)
}

type object = map[string]any

// An endpoint is a path of a document with its methods.
type endpoint struct {
	path    string
	methods []string
	item    object // by method
	doc     object
}

var verbs = []string{"delete", "get", "patch", "post", "put"}

// endpoints are the paths of an API's documents, in order. What is deprecated is not
// among them.
func (a api) endpoints(dir string) ([]endpoint, error) {
	files, err := filepath.Glob(filepath.Join(dir, a.Documents+".json.gz"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, errors.New("no document"))
	}
	slices.Sort(files)
	var list []endpoint
	for _, file := range files {
		doc, err := read(file)
		if err != nil {
			return nil, err
		}
		paths := asObject(doc["paths"])
		if paths == nil {
			paths = discovered(doc)
		}
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			item := asObject(paths[path])
			e := endpoint{path: strings.TrimPrefix(a.below(doc)+path, a.Strip), item: item, doc: doc}
			for _, verb := range verbs {
				if op := asObject(item[verb]); op != nil && op["deprecated"] != true {
					e.methods = append(e.methods, strings.ToUpper(verb))
				}
			}
			if len(e.methods) > 0 {
				list = append(list, e)
			}
		}
	}
	return list, nil
}

// below is the path of the document's server below base_url.
func (a api) below(doc object) string {
	if a.Below != nil {
		return *a.Below
	}
	servers, _ := doc["servers"].([]any)
	if len(servers) == 0 {
		return ""
	}
	text, _ := asObject(servers[0])["url"].(string)
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

// discovered returns a discovery document as if it were OpenAPI.
func discovered(doc object) object {
	paths := object{}
	base, _ := doc["servicePath"].(string)
	var walk func(resources any)
	walk = func(resources any) {
		for _, r := range asObject(resources) {
			for _, m := range asObject(asObject(r)["methods"]) {
				method := asObject(m)
				path, _ := method["flatPath"].(string)
				if path == "" {
					path, _ = method["path"].(string)
				}
				path = "/" + base + path
				verb, _ := method["httpMethod"].(string)
				item := asObject(paths[path])
				if item == nil {
					item = object{}
					paths[path] = item
				}
				item[strings.ToLower(verb)] = openAPI(method)
			}
			walk(asObject(r)["resources"])
		}
	}
	walk(doc["resources"])
	return paths
}

// openAPI returns a method of a discovery document as an operation of OpenAPI.
func openAPI(method object) object {
	op := object{}
	var list []any
	for _, name := range slices.Sorted(maps.Keys(asObject(method["parameters"]))) {
		p := asObject(asObject(method["parameters"])[name])
		schema := object{"type": p["type"]}
		if p["repeated"] == true {
			schema = object{"type": "array"}
		}
		list = append(list, object{"name": name, "in": p["location"], "required": p["required"], "schema": schema})
	}
	op["parameters"] = list
	if r := asObject(method["request"]); r != nil {
		op["requestBody"] = object{"content": object{"application/json": object{"schema": r}}}
	}
	if method["supportsMediaDownload"] == true && method["response"] == nil {
		op["responses"] = object{"200": object{"content": object{"application/octet-stream": object{}}}}
	}
	return op
}

func read(file string) (object, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var doc object
	return doc, json.NewDecoder(z).Decode(&doc)
}

func asObject(v any) object {
	o, _ := v.(object)
	return o
}

// resolved follows references within a document.
func resolved(doc object, v any) object {
	o := asObject(v)
	for range 10 {
		ref, ok := o["$ref"].(string)
		if !ok {
			return o
		}
		if !strings.HasPrefix(ref, "#/") { // of a discovery document
			o = asObject(asObject(doc["schemas"])[ref])
			continue
		}
		var at any = doc
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			at = asObject(at)[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		}
		o = asObject(at)
	}
	return o
}
