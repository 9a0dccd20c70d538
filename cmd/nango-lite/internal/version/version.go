// Package version says which nango-lite this is. Start with [Current].
package version

import (
	"runtime"
	"runtime/debug"
)

// released is the version of a build by .ci/release, which has no other; the linker sets it.
var released string

// Info is what the go command wrote into the binary.
type Info struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Current returns the running program's.
func Current() Info {
	v := Info{Version: "(devel)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	if released != "" {
		v.Version = released
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	return v
}

// String is one line for a person, without its end.
func (v Info) String() string {
	return "nango-lite " + v.Version + " " + v.Go + " " + v.OS + "/" + v.Arch
}
