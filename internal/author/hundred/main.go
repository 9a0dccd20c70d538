// Hundred draws a hundred calls out of the documents that providers publish, and writes
// each as an operation, to see how much of what people call can be declared.
//
//	go run ./internal/author/hundred DIR
//
// DIR holds the OpenAPI and discovery documents as <name>.json.gz. The draw is by API,
// then by path, then by method, from [seed] on. Two files are written below testdata:
// hundred.yaml, an integrations file with the operations, and hundred.tsv with all that
// were drawn and, for those that are no operation, why.
//
// Nothing of a document goes into them but the names of paths, methods and parameters
// and the types of these. The test of this package holds the files to what is promised;
// it needs no documents.
package main

import (
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// seed begins the draw.
const seed = 20261130

// wanted is how many calls are drawn.
const wanted = 100

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: hundred DIR")
	}
	drawn, err := draw(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range map[string]string{"hundred.yaml": yamlOf(drawn), "hundred.tsv": listOf(drawn)} { // by API, path and method
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	declared := 0
	for _, c := range drawn {
		if c.reason == "" {
			declared++
		}
	}
	fmt.Printf("%d of %d are operations\n", declared, len(drawn))
}

// draw takes a call after the other until there are enough, none twice.
func draw(documents string) ([]call, error) {
	apis, err := readAPIs()
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var all [][]endpoint
	for _, a := range apis {
		list, err := a.endpoints(documents)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		all = append(all, list)
	}
	var drawn []call
	seen := map[string]bool{}
	for len(drawn) < wanted {
		a := random.IntN(len(apis))
		e := all[a][random.IntN(len(all[a]))]
		method := e.methods[random.IntN(len(e.methods))]
		name := apis[a].Name + " " + method + " " + e.path
		if seen[name] {
			continue
		}
		seen[name] = true
		drawn = append(drawn, e.read(apis[a], method))
	}
	slices.SortFunc(drawn, func(a, b call) int { return strings.Compare(a.where(), b.where()) })
	return drawn, nil
}

func listOf(drawn []call) string {
	var b strings.Builder
	b.WriteString("# Calls drawn with the seed 20261130; see this package's comment. Without a reason it is an operation of hundred.yaml.\n")
	b.WriteString("# api\tmethod\tpath\toperation\treason\n")
	for _, c := range drawn {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\n", c.api.Name, c.method, c.path, c.name(), c.reason)
	}
	return b.String()
}
