package holder_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/holder"
)

// A process that this test starts prints its name, and waits for the end of its input.
func TestMain(m *testing.M) {
	if os.Getenv("HOLDER_TEST_CHILD") != "" {
		fmt.Println(holder.New())
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// S47: a process that was killed is gone at once, whether or not its parent knows by now.
func TestKilledProcessIsGone_S47(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux does a lease name its process; elsewhere it ends by its time. .ci/run tests it")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HOLDER_TEST_CHILD=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 2048)
	n, err := stdout.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSpace(string(line[:n]))
	if holder.Gone(name) {
		t.Errorf("%q lives, and is said to be gone", name)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for try := 0; !holder.Gone(name); try++ { // a signal takes its time; nobody has waited for the process yet
		if try == 1e6 {
			t.Fatalf("%q was killed, and is said to live", name)
		}
		runtime.Gosched()
	}
	_ = cmd.Wait()
	if !holder.Gone(name) || !holder.Gone(name+" and more") {
		t.Errorf("%q is no more, and is said to live", name)
	}
}

// S47: where there is any doubt, nobody is gone: breaking the lease of a process that lives
// may cost its connection.
func TestDoubtIsLife(t *testing.T) {
	own := holder.New()
	parts := strings.Split(own, " ")
	elsewhere := []string{parts[0], "2147483646", "0123456789abcdef", parts[3], parts[4]}
	for _, name := range []string{
		"", "a", own, own + " and more", strings.Join(elsewhere, " "), strings.Join(append([]string{"x"}, parts...), " "),
		strings.Join([]string{parts[0], "-1", parts[2], parts[3], parts[4]}, " "),
		strings.Join([]string{parts[0], "0", parts[2], parts[3], parts[4]}, " "),
		strings.Join([]string{parts[0], "no number", parts[2], parts[3], parts[4]}, " "),
		strings.Join([]string{parts[0], parts[1], parts[2], "?", parts[4]}, " "),
		"host 2147483646 ? ? chance",
	} {
		if holder.Gone(name) {
			t.Errorf("%q is said to be gone", name)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	reused := strings.Join([]string{parts[0], parts[1], parts[2], "1", parts[4]}, " ")
	if !holder.Gone(reused) {
		t.Error("another process has the number now, and the one before is said to live")
	}
	if holder.New() == own {
		t.Error("two holders have one name")
	}
}
