package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// wantsIntegration lets a command have the name of one integration.
func (a *app) wantsIntegration(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("say which integration: %s", a.known(cmd.Context()))
	case 1:
		return nil
	}
	return usagef("%q is too much: %s takes one integration", args[1], cmd.Name())
}

// wantsCall lets call have <integration> [METHOD] <path>.
func (a *app) wantsCall(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0, len(args) < 3 && strings.HasPrefix(args[0], "/"):
		return usagef("say which integration to call: %s", a.known(cmd.Context()))
	case len(args) == 1, len(args) == 2 && slices.Contains(methods, strings.ToUpper(args[1])):
		return usagef("say which path to call, such as %s", a.commandLine(append([]string{"call"}, append(args, "/v1/users")...)...))
	case len(args) == 3:
		return checkMethod(args[1], args[2])
	case len(args) > 3:
		return usagef("%q is too much: call takes an integration, a method and a path; a body comes with -d, a query with -q", args[3])
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
		return usagef("the path comes last: %s %s", strings.ToUpper(path), method)
	}
	return usagef("%q is no method; %s", method, didYouMean(upper, methods))
}

// known says which integrations the files name, be they whole or not.
func (a *app) known(ctx context.Context) string {
	for _, name := range a.files {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return fmt.Sprintf("%s would name them, but there is no such file; 'nango-lite init' writes one, and -c names another", name)
		}
	}
	if names := a.integrationNames(ctx); len(names) > 0 {
		return didYouMean("", names)
	}
	return strings.Join(a.files, ", ") + " names none yet"
}

// integrationNames returns the names of all integrations, the broken ones too.
func (a *app) integrationNames(ctx context.Context) []string {
	cfg, ds := a.loadFiles(ctx, a.files, &inventions{})
	names := slices.Collect(maps.Keys(cfg.Integrations))
	for _, d := range ds {
		if d.Integration != "" {
			names = append(names, d.Integration)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
