package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"gopkg.in/yaml.v3"
)

// deploy/Containerfile gives an image that has the program and certificates in it and
// nothing else, and that serves as compose.yaml runs it: over PostgreSQL, as a user
// without capabilities, with a root that nobody can write.
//
// No images can be fetched where tests run. The one that the Containerfile builds in is
// played by a directory with this machine's Go; the rest is done as it stands there.
func TestContainer(t *testing.T) {
	t.Parallel()
	c := newContainers(t)
	database := schemaOf(t)
	if err := noteSources(); err != nil {
		t.Fatal(err)
	}
	c.build(t)

	version := c.run(t, nil, "version").end()
	if want := "nango-lite v0.0.0 "; version.code != 0 || !strings.HasPrefix(version.stdout, want) {
		t.Fatalf("version: exit %d, %s%s, want %s", version.code, version.stdout, version.stderr, want)
	}

	service := composed(t)
	if service.User != "65532:65532" || !service.ReadOnly {
		t.Errorf("compose.yaml runs it as %s, read_only %v", service.User, service.ReadOnly)
	}
	keys := c.run(t, nil, "keys", "create").end()
	if keys.code != 0 {
		t.Fatal(keys.stderr)
	}
	addr := "127.0.0.1:" + freePort(t)
	const postgres = "postgres://nango@postgres/nango?sslmode=disable"
	command := strings.Split(strings.NewReplacer(":3003", addr, postgres, database).Replace(strings.Join(service.Command, "\n")), "\n")
	pid := filepath.Join(c.dir, "pid")
	flags := append(service.flags(c.dir), "--pidfile", pid,
		"--env", "NANGO_LITE_KEYS="+strings.TrimSpace(keys.stdout), "--env", "NANGO_LITE_API_KEY="+nginxAPIKey)
	p := c.run(t, flags, command...)
	client := &http.Client{Timeout: patience} // what podman started may outlive podman
	eventually(t, "/readyz of the container", &p.stderr, func() bool {
		resp, err := client.Get("http://" + addr + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	checkConfined(t, pid)

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if out := p.end(); out.code != 0 {
		t.Errorf("stopped: exit %d\n%s", out.code, out.stderr)
	}
}

// checkConfined looks from outside at what a process is able to do, and what is there for it.
func checkConfined(t *testing.T, pidfile string) {
	t.Helper()
	proc := "/proc/" + strings.TrimSpace(readFile(t, pidfile))
	status := readFile(t, proc+"/status")
	for _, want := range []string{"Uid:\t65532\t65532\t65532\t65532\n", "Gid:\t65532\t65532\t65532\t65532\n",
		"CapEff:\t0000000000000000\n", "CapBnd:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
		if !strings.Contains(status, want) {
			t.Errorf("/proc says nothing of %q:\n%s", want, status)
		}
	}
	if mounts := readFile(t, proc+"/mountinfo"); !regexp.MustCompile(`(?m)^\S+ \S+ \S+ / / ro,`).MatchString(mounts) {
		t.Errorf("the root can be written:\n%s", mounts)
	}
	for _, name := range []string{"bin", "lib", "usr", "src", "go"} {
		if _, err := os.Lstat(proc + "/root/" + name); !os.IsNotExist(err) {
			t.Errorf("the image has /%s in it (%v)", name, err)
		}
	}
	if _, err := os.Stat(proc + "/root/etc/ssl/certs/ca-certificates.crt"); err != nil {
		t.Error(err)
	}
}

// A service is what compose.yaml says of both servers.
type service struct {
	Command     []string
	Volumes     []string
	User        string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
}

func composed(t *testing.T) service {
	t.Helper()
	var file struct {
		Services map[string]service
	}
	if err := yaml.Unmarshal([]byte(readFile(t, "../deploy/compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	return file.Services["server-1"]
}

// flags say the same to podman, with the files of that directory. The user is left to the
// image, which names the same.
func (s *service) flags(dir string) []string {
	flags := []string{fmt.Sprintf("--read-only=%v", s.ReadOnly)}
	for _, capability := range s.CapDrop {
		flags = append(flags, "--cap-drop", capability)
	}
	for _, opt := range s.SecurityOpt {
		flags = append(flags, "--security-opt", opt)
	}
	for _, v := range s.Volumes {
		flags = append(flags, "--volume", dir+strings.TrimPrefix(v, "."))
	}
	return flags
}

// Containers are built and run by buildah and podman, in a directory of the test's own.
type containers struct {
	dir string
	env []string
}

// withinOneHierarchy runs a command where /sys/fs/cgroup is what crun wants: it refuses
// machines that have cgroups of both versions there.
const withinOneHierarchy = `[ ! -d /sys/fs/cgroup/unified ] || { umount -R -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup; } && exec "$@"`

// What these machines do not let us do: raise limits, and share out resources.
const containersConf = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "host"
cgroups = "disabled"
log_driver = "k8s-file"
[engine]
runtime = "crun"
cgroup_manager = "cgroupfs"
events_logger = "none"
`

func newContainers(t *testing.T) *containers {
	t.Helper()
	for _, program := range []string{"buildah", "podman", "crun", "unshare"} {
		if _, err := exec.LookPath(program); err != nil || os.Getuid() != 0 {
			t.Skipf("root and %s are needed: apt-get install buildah podman crun && go test ./e2e", program)
		}
	}
	c := &containers{dir: t.TempDir()}
	for name, text := range map[string]string{"containers.conf": containersConf, "integrations.yaml": "integrations: {}\n"} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c.env = append(os.Environ(), "CONTAINERS_CONF="+filepath.Join(c.dir, "containers.conf"))
	t.Cleanup(func() { // what the store has mounted
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = exec.CommandContext(ctx, "buildah", c.stored("rm", "--all")...).Run()
		_ = exec.CommandContext(ctx, "umount", filepath.Join(c.dir, "storage", "overlay")).Run()
	})
	return c
}

func (c *containers) stored(args ...string) []string {
	return append([]string{"--root", filepath.Join(c.dir, "storage"), "--runroot", filepath.Join(c.dir, "run")}, args...)
}

// build does what the Containerfile says.
func (c *containers) build(t *testing.T) {
	t.Helper()
	from := regexp.MustCompile(`(?m)^FROM (golang:\S+) AS build$`).FindStringSubmatch(readFile(t, "../deploy/Containerfile"))
	if from == nil {
		t.Fatal("the Containerfile does not build in an image of golang")
	}
	c.buildah(t, "build", "--quiet", "--tag", "docker.io/library/"+from[1], c.golang(t))
	c.buildah(t, "build", "--quiet", "--isolation", "chroot", "--pull-never",
		"--volume", "/usr:/usr:ro", "--volume", goEnv(t, "GOROOT")+":/goroot:ro",
		"--volume", goEnv(t, "GOMODCACHE")+":/modcache", "--volume", goEnv(t, "GOCACHE")+":/gocache",
		"--build-arg", "VERSION=v0.0.0", "--file", "deploy/Containerfile", "--tag", "nango-lite", ".")
}

// golang makes a directory to stand for the image of that name: with this machine's
// programs, its Go, and what that has compiled and fetched.
func (c *containers) golang(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(c.dir, "golang")
	for _, name := range []string{"usr", "goroot", "modcache", "gocache", "tmp", "etc/ssl/certs"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin", "lib", "lib64"} {
		if err := os.Symlink("usr/"+name, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"etc/ssl/certs/ca-certificates.crt": readFile(t, "/etc/ssl/certs/ca-certificates.crt"),
		"Containerfile": "FROM scratch\nCOPY . /\nENV PATH=/goroot/bin:/usr/bin HOME=/tmp GOTOOLCHAIN=local GOMODCACHE=/modcache GOCACHE=/gocache GOPROXY=" +
			goEnv(t, "GOPROXY") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (c *containers) buildah(t *testing.T, args ...string) {
	t.Helper()
	// From the root of the repository: buildah looks there for what it leaves out, whose
	// name it makes from the argument.
	run := func() outcome { return start(t, "..", c.env, "buildah", c.stored(args...)...).end() }
	out := run()
	for tries := 1; tries < 5 && out.code != 0 && strings.Contains(out.stderr, sealBusy); tries++ {
		out = run()
	}
	if out.code != 0 {
		t.Fatalf("buildah %s: exit %d\n%s%s", args[0], out.code, out.stdout, out.stderr)
	}
}

// sealBusy is what buildah says where the kernel has not yet let go of the pages of the copy
// of itself that buildah seals before it runs it: it gives them 150 ms (memfd_wait_for_pins)
// and buildah does not ask twice.
const sealBusy = "sealing memfd copy: Device or resource busy"

// run starts the image with these flags and arguments.
func (c *containers) run(t *testing.T, flags []string, args ...string) *process {
	t.Helper()
	podman := append(c.stored("--tmpdir", filepath.Join(c.dir, "tmp"), "run", "--rm", "--pull=never"), flags...)
	podman = append(append(podman, "localhost/nango-lite"), args...)
	return start(t, ".", c.env, "unshare", append([]string{"--mount", "sh", "-c", withinOneHierarchy, "sh", "podman"}, podman...)...)
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
