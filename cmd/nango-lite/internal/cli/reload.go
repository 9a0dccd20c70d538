package cli

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/loader"
)

// lookEvery is how often it is looked whether files have changed. They may lie where
// nobody is told of changes, such as on a mounted volume.
const lookEvery = time.Second

// A watch knows what the files of the configuration were like when it was made, and hears
// of each SIGHUP since. It is made before they are read for the first time: what changes
// between that and the first look would stay unread until the next change.
type watch struct {
	was string
	hup chan os.Signal
}

func (v *serving) newWatch() *watch {
	w := &watch{was: v.stamp(), hup: make(chan os.Signal, 1)}
	signal.Notify(w.hup, syscall.SIGHUP)
	return w
}

func (w *watch) stop() { signal.Stop(w.hup) }

// reload reads the configuration again when its files change, and on SIGHUP, until ctx ends.
func (v *serving) reload(ctx context.Context, w *watch) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.hup:
		case <-ticker.C:
			now := v.stamp()
			if now == w.was {
				continue
			}
			w.was = now
		}
		if err := v.whole.Reload(ctx); err != nil {
			v.Notef("error: %s; what was in force stays", console.OneLine(err.Error()))
			continue
		}
		v.Notef("read the configuration again")
	}
}

// stamp changes whenever a file of the configuration does.
func (v *serving) stamp() string {
	names := append([]string{}, v.Files...)
	for _, name := range v.Files {
		names = append(names, loader.LockName(name))
	}
	switch {
	case v.EnvFile != "":
		names = append(names, v.EnvFile)
	default:
		for _, name := range v.Files {
			names = append(names, filepath.Join(filepath.Dir(name), ".env"))
		}
	}
	for _, dir := range v.BlueprintDirs {
		found, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
		names = append(names, found...)
	}
	var b strings.Builder
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}

// pathSegment encodes a text as one segment of a path, slashes too.
func pathSegment(text string) string { return strings.ReplaceAll(url.PathEscape(text), "/", "%2F") }
