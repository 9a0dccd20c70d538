package cli

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
)

// connectBrowser takes a connection through consent in a browser.
func (con connector) connectBrowser(ctx context.Context, u *session.Use, k engine.Key, given *answers, redirect *url.URL, noBrowser bool) (*engine.Connection, error) {
	l, err := listen(redirect)
	if err != nil {
		return nil, err
	}
	defer l.close()
	p, err := u.Engine.AuthCodeURL(ctx, k, l.redirect.String(), given.consent())
	if err != nil {
		return nil, err
	}
	l.tell = func(code string) {
		con.Notef("a callback without a state says %s; still waiting, Ctrl-C ends", code)
	}
	l.expect(p.State)
	page := con.pageURL(k, p.URL.Reveal())
	if err := con.show(ctx, k, page, l.startFor(page), noBrowser); err != nil {
		return nil, err
	}
	stop := con.readPasted(l, noBrowser)
	at, err := l.wait(ctx, p, con.Deps.Now())
	stop()
	if err != nil {
		return nil, err
	}
	c, err := u.Engine.ExchangeAt(ctx, p, at)
	if err == nil {
		c, err = con.verified(ctx, u, c)
	}
	l.done(err)
	return c, err
}

// readPasted takes the address of the callback from stdin, for a browser on another
// machine, which cannot reach this one. Reading ends with the program.
func (con connector) readPasted(l *loopback, noBrowser bool) (stop func()) {
	if !noBrowser || con.In == nil {
		return func() {}
	}
	con.Notef("if the browser cannot reach %s, paste the address that it shows then, and press Enter", l.redirect)
	var stopped atomic.Bool
	go func() {
		for {
			line, err := con.ReadLine()
			if stopped.Load() || err != nil && line == "" {
				return
			}
			if strings.TrimSpace(line) == "" {
				continue
			}
			wrong := l.paste(line)
			if wrong == nil {
				return
			}
			if !stopped.Load() {
				con.Notef("%v", wrong)
			}
		}
	}()
	return func() { stopped.Store(true) }
}

// pageURL is where a browser finds the authorization page: at the provider, or in
// a running sandbox.
func (con connector) pageURL(k engine.Key, authURL string) string {
	base := con.SandboxURL()
	u, err := url.Parse(authURL)
	if base == nil || err != nil {
		return authURL
	}
	return sandbox.BrowserURL(base, k.Integration, u).String()
}

// show brings the user to the page; start leads a browser of this machine there.
func (con connector) show(ctx context.Context, k engine.Key, page, start string, noBrowser bool) error {
	if noBrowser {
		con.Notef("open this URL to connect %s; waiting for the answer", k)
		_, err := con.Out.Write([]byte(page + "\n"))
		return err
	}
	browse := con.Deps.Browse
	if browse == nil {
		browse = openBrowser
	}
	if err := browse(ctx, start); err != nil {
		con.Notef("no browser could be opened (%s)", console.OneLine(err.Error()))
	}
	con.Notef("to connect %s, consent in the browser; if it shows nothing, open\n\n  %s\n", k, page)
	return nil
}

// openBrowser asks the desktop to open a page, and does not wait for it.
func openBrowser(_ context.Context, page string) error {
	name, args := "xdg-open", []string{page}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", page}
	}
	cmd := exec.Command(name, args...) // no shell: the URL is data
	cmd.Env = browserEnv(os.Environ())
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}

// desktop are the variables that a browser needs to find the desktop, its own files
// and the network. Those that end in _ are beginnings of names.
var desktop = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_", "TMPDIR", "TERM", "BROWSER",
	"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_", "DESKTOP_SESSION", "GNOME_", "KDE_", "DBUS_SESSION_BUS_ADDRESS",
	"WSL_", "WSLENV", "SNAP_", "GTK_", "QT_",
	"SYSTEMROOT", "WINDIR", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMFILES", "PROGRAMDATA", "PATHEXT", "COMSPEC", "TEMP", "TMP",
}

// browserEnv leaves out what a browser has no use for: our environment holds client
// secrets, keys and passwords of databases.
func browserEnv(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		name = strings.ToUpper(name)
		if slices.ContainsFunc(desktop, func(known string) bool {
			return name == known || strings.HasSuffix(known, "_") && strings.HasPrefix(name, known)
		}) {
			kept = append(kept, entry)
		}
	}
	return kept
}
