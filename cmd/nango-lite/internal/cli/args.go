package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
)

// checkArgs finds the address of a sandbox that stands apart from its flag, which
// would be taken for a command or a path.
func checkArgs(args []string) error {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if arg == "--sandbox" && i+1 < len(args) && isAddress(args[i+1]) {
			return console.Usagef("the address of a sandbox is written with =: --sandbox=%s", args[i+1])
		}
	}
	return nil
}

// isAddress reports whether text is an origin, or nearly so: a host and a port.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return strings.Trim(u.Path, "/") == "" && u.RawQuery == ""
	}
	_, port, err := net.SplitHostPort(text)
	return err == nil && port != "" && strings.Trim(port, "0123456789") == ""
}

// arguments checks what stands on a command line beside its flags.
type arguments struct{ *session.Session }

// integration lets a command have the name of one integration.
func (a arguments) integration(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return console.Usagef("say which integration: %s", a.known(cmd.Context()))
	case 1:
		return nil
	}
	return console.Usagef("%q is too much: %s takes one integration", args[1], cmd.Name())
}

// call lets call have <integration> [METHOD] <path>.
func (a arguments) call(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0, len(args) < 3 && strings.HasPrefix(args[0], "/"):
		return console.Usagef("say which integration to call: %s", a.known(cmd.Context()))
	case len(args) == 1, len(args) == 2 && slices.Contains(methods, strings.ToUpper(args[1])):
		return console.Usagef("say which path to call, such as %s", a.CommandLine(append([]string{"call"}, append(args, "/v1/users")...)...))
	case len(args) == 3:
		return checkMethod(args[1], args[2])
	case len(args) > 3:
		return console.Usagef("%q is too much: call takes an integration, a method and a path; a body comes with -d, a query with -q", args[3])
	}
	return nil
}

// methods are those of RFC 9110, without CONNECT and TRACE, which are not for
// clients of an API; RFC 5789's PATCH; and QUERY, which is on its way.
var methods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodHead, http.MethodOptions, "QUERY",
}

func checkMethod(method, path string) error {
	upper := strings.ToUpper(method)
	switch {
	case slices.Contains(methods, upper):
		return nil
	case slices.Contains(methods, strings.ToUpper(path)):
		return console.Usagef("the path comes last: %s %s", strings.ToUpper(path), method)
	}
	return console.Usagef("%q is no method; %s", method, console.DidYouMean(upper, methods))
}

// known says which integrations the files name, be they whole or not.
func (a arguments) known(ctx context.Context) string {
	for _, name := range a.Files {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return fmt.Sprintf("%s would name them, but there is no such file; 'nango-lite init' writes one, and -c names another", name)
		}
	}
	if names := a.IntegrationNames(ctx); len(names) > 0 {
		return console.DidYouMean("", names)
	}
	return strings.Join(a.Files, ", ") + " names none yet"
}
