package docs_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unlike is what another run, or another version of the tables, says otherwise.
var unlike = regexp.MustCompile(`k-[0-9a-f]{8}|at version \d+`)

// The page takes an operator to two servers behind nginx: its files are written, and its
// commands run in order, against a PostgreSQL and with an nginx of the test's own. Only
// what changes a machine is played: users, owners, and systemd.
func TestDeployPage(t *testing.T) {
	t.Parallel()
	const name = "deploy.md"
	for _, program := range []string{"nginx", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s: apt-get install nginx-light curl, and PATH=$PATH:/usr/sbin go test ./docs", program)
		}
	}
	all, page := blocks(t, name), read(t, name)
	sql := ""
	for _, b := range all {
		if b.lang == "sql" {
			sql = b.text
		}
	}
	vars, _ := newDatabases(t, sql)
	database, _, _ := strings.Cut(strings.TrimPrefix(vars[0], "DATABASE="), "?")
	m := newMachine(t, database)
	fresh := make([]string, len(all))
	for i, b := range all {
		fresh[i] = b.text
		file, isFile := strings.CutPrefix(b.mark, "file: ")
		switch {
		case isFile:
			m.write(file, strings.ReplaceAll(m.there.Replace(b.text), "…", "'passed by'"))
		case b.lang == "console":
			got := m.here.Replace(m.session(t, m.there.Replace(b.text)))
			if diff := cmp.Diff(unlike.ReplaceAllString(got, "X"), unlike.ReplaceAllString(b.text, "X")); diff == "" {
				continue
			} else if !*update {
				t.Errorf("%s:%d: run go test ./docs -update\n(-run +shown):\n%s\n%s", name, b.line, diff, m.logs())
			}
			fresh[i] = got
		case b.lang != "sql" && !strings.HasPrefix(b.mark, "not run: "):
			t.Errorf("%s:%d: nothing runs this", name, b.line)
		}
	}
	if *update {
		for i := len(all) - 1; i >= 0; i-- {
			page = replaceBlock(page, all[i], fresh[i])
		}
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A machine is a directory that stands for the root of one.
type machine struct {
	terminal
	t           *testing.T
	there, here *strings.Replacer // from what the page says to what is here, and back
}

func newMachine(t *testing.T, database string) *machine {
	t.Helper()
	m := &machine{terminal: newTerminal(t), t: t}
	first, second, front := freePort(t), freePort(t), freePort(t)
	pairs := []string{
		// What is told of a database is its URL without parameters, which the page has to show.
		"postgres://nango@db.internal/nango?sslmode=verify-full", database + "?sslmode=prefer", "postgres://nango@db.internal/nango", database,
		"https://connect.example.com", "https://127.0.0.1:" + front, "listen 443", "listen 127.0.0.1:" + front,
		"3003", first, "3004", second,
		" /usr/local/bin/", " " + m.dir + "/bin/", "/etc/ssl/", m.dir + "/ssl/", "/etc/", m.dir + "/etc/", "/var/log/", m.dir + "/log/",
	}
	var back []string
	for i := 0; i < len(pairs); i += 2 {
		back = append(back, pairs[i+1], pairs[i])
	}
	m.there, m.here = strings.NewReplacer(pairs...), strings.NewReplacer(back...)

	for _, dir := range []string{"bin", "ssl/certs", "ssl/private", "deploy", "etc/nginx/conf.d", "etc/systemd/system", "log/nginx", "run"} {
		if err := os.MkdirAll(filepath.Join(m.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.vars = []string{"CURL_CA_BUNDLE=" + m.certificate()}
	m.env = filepath.Join(m.dir, "bin") + string(os.PathListSeparator) + m.env
	for _, file := range []string{"nginx.conf", "nango-lite@.service"} {
		m.write("deploy/"+file, m.there.Replace(read(t, "../deploy/"+file)))
	}
	m.release("nango-lite_v0.1.0_linux_amd64")
	nginx, _ := exec.LookPath("nginx")
	m.write("nginx.conf", fmt.Sprintf("pid %[1]s/run/nginx.pid; error_log %[1]s/log/nginx/error.log; events {}\nhttp {\n"+
		"client_body_temp_path %[1]s/run/body; proxy_temp_path %[1]s/run/proxy; fastcgi_temp_path %[1]s/run/fastcgi;\n"+
		"uwsgi_temp_path %[1]s/run/uwsgi; scgi_temp_path %[1]s/run/scgi; include %[1]s/etc/nginx/conf.d/*.conf;\n}\n", m.dir))
	m.script("sudo", `exec "$@"`)
	m.script("useradd", ":")
	m.script("chown", ":")
	m.script("nginx", fmt.Sprintf(`exec %s -p %s -c nginx.conf "$@"`, nginx, m.dir))
	m.script("systemctl", fmt.Sprintf(systemctl, m.dir))
	t.Cleanup(func() {
		m.run(t, "for p in $(cat run/*.pid); do kill $p; while kill -0 $p 2>/dev/null; do sleep 0.1; done; done")
	})
	return m
}

// release puts there what .ci/release makes: the program, and a list of checksums that has
// others in it too.
func (m *machine) release(name string) {
	m.t.Helper()
	m.run(m.t, `cp "$(command -v nango-lite)" `+name+` && sha256sum `+name+` >SHA256SUMS`)
	sums := read(m.t, filepath.Join(m.dir, "SHA256SUMS"))
	m.write("SHA256SUMS", sums+strings.ReplaceAll(sums, name, name+".cdx.json"))
}

// systemctl starts what the unit says, as the instance that is named.
const systemctl = `
cd %s
for word; do
	case $word in
	nginx) nginx >>log/nginx/start 2>&1 ;;
	nango-lite@*)
		port=${word#*@}
		if [ -e run/$port.pid ]; then
			kill $(cat run/$port.pid)
			while kill -0 $(cat run/$port.pid) 2>/dev/null; do sleep 0.1; done
		fi
		set -a; . etc/nango-lite/environment; set +a
		command=$(sed -n 's/^ExecStart=[^ ]* //p' etc/systemd/system/nango-lite@.service | sed "s/%%i/$port/")
		(
			exec >>log/$port 2>&1 </dev/null
			eval "exec nango-lite $command"
		) &
		echo $! >run/$port.pid
		;;
	esac
done`

// certificate makes one for 127.0.0.1 where nginx.conf has it, and returns its file.
func (m *machine) certificate() string {
	lender := httptest.NewTLSServer(nil)
	defer lender.Close()
	pair := lender.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		m.t.Fatal(err)
	}
	m.write("ssl/private/connect.example.com.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	return m.write("ssl/certs/connect.example.com.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
}

func (m *machine) write(name, text string) (path string) {
	m.t.Helper()
	path = filepath.Join(m.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
	return path
}

func (m *machine) script(name, text string) {
	m.t.Helper()
	if err := os.Chmod(m.write("bin/"+name, "#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// logs are what servers and nginx have said.
func (m *machine) logs() string { return m.run(m.t, "tail -n 20 log/[0-9]* log/nginx/*") }

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}
