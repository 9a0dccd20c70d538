package deploy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// compose.yaml loads beside the files that its head asks for, and each file that a service
// mounts or is built from is one of them, or one of ours.
func TestCompose(t *testing.T) {
	text := read(t, "compose.yaml")
	p, err := loadCompose(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.ServiceNames(), []string{"nginx", "postgres", "server-1", "server-2"}; !slices.Equal(got, want) {
		t.Errorf("services are %v, want %v", got, want)
	}
	for service, name := range map[string]string{"postgres": "POSTGRES_PASSWORD", "server-1": "PGPASSWORD", "server-2": "PGPASSWORD"} {
		if got := p.Services[service].Environment[name]; got == nil || *got != "it is invented" {
			t.Errorf("%s does not get the password that the file environment has", service)
		}
	}
	for _, s := range p.Services {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s mounts what is not there: %v", s.Name, err)
			}
		}
		if s.Build == nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
			t.Errorf("%s is built from what is not there: %v", s.Name, err)
		}
		if !s.ReadOnly || s.User != "65532:65532" || !slices.Equal(s.CapDrop, []string{"ALL"}) {
			t.Errorf("%s runs with more than it needs: read_only %v, user %s, cap_drop %v", s.Name, s.ReadOnly, s.User, s.CapDrop)
		}
	}

	for _, mistake := range [][2]string{
		{"read_only:", "readonly:"},
		{"condition: service_healthy", "condition: service_well"},
		{"depends_on: [server-1, server-2]", "depends_on: [server-1, server-3]"},
		{"volumes:\n    connections: {}\n", ""},
		{"retries: 30", "retries: often"},
		{`ports: ["443:443"]`, `ports: ["443:https"]`},
		{"restart: unless-stopped", "restart: [unless-stopped]"},
	} {
		if _, err := loadCompose(t, changed(t, text, mistake)); err == nil {
			t.Errorf("nobody notices %q in place of %q", mistake[1], mistake[0])
		}
	}
}

// loadCompose loads the text from a directory that has what an operator puts there.
func loadCompose(t *testing.T, text string) (*types.Project, error) {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "deploy")
	if err := os.CopyFS(dir, os.DirFS(shipped)); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"compose.yaml": text, "environment": "PGPASSWORD='it is invented'\n",
		"integrations.yaml": "", "cert.pem": "", "key.pem": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yaml")},
		cli.WithEnvFiles(filepath.Join(dir, "environment")), cli.WithDotEnv)
	if err != nil {
		return nil, err
	}
	return options.LoadProject(t.Context())
}

const shipped = "../../../deploy"

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shipped, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// changed returns the text with a mistake in place of what is right.
func changed(t *testing.T, text string, mistake [2]string) string {
	t.Helper()
	if !strings.Contains(text, mistake[0]) {
		t.Fatalf("the file has no %q", mistake[0])
	}
	return strings.Replace(text, mistake[0], mistake[1], 1)
}
