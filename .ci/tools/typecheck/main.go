// Command typecheck checks the types of a module's packages, their tests, and all that they
// import, as each system would compile them. It makes no code, and so takes seconds where a
// build takes minutes: SQLite alone, which is translated to Go for each system by itself, is
// a minute of compiling.
//
//	typecheck OS/ARCH …
package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	for _, target := range os.Args[1:] {
		goos, arch, _ := strings.Cut(target, "/")
		found, err := packages.Load(&packages.Config{
			Mode: packages.LoadAllSyntax, Tests: true,
			Env: append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+arch),
		}, "./...")
		if err != nil {
			fmt.Fprintf(os.Stderr, "typecheck: %s: %v\n", target, err)
			os.Exit(1)
		}
		if packages.PrintErrors(found) > 0 || len(found) == 0 {
			fmt.Fprintf(os.Stderr, "typecheck: %s cannot be built\n", target)
			os.Exit(1)
		}
	}
}
