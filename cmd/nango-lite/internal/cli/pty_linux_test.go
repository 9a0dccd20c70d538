package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/nango-lite/nango-lite/sandbox"
)

// A terminal is a pseudo-terminal: what a person types, and what they see.
type terminal struct {
	t             *testing.T
	master, slave *os.File

	ctx   context.Context // of who asks; ends when a question has not come
	leave context.CancelFunc

	mu   sync.Mutex
	seen bytes.Buffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals here; .ci/run has them: ", err)
	}
	var number, unlocked int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlocked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals here; .ci/run has them: ", err)
	}
	term := &terminal{t: t, master: master, slave: slave}
	term.ctx, term.leave = context.WithCancel(t.Context())
	t.Cleanup(func() { _, _ = slave.Close(), master.Close() })
	go func() {
		b := make([]byte, 1024)
		for {
			n, err := master.Read(b)
			term.mu.Lock()
			term.seen.Write(b[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

func (term *terminal) screen() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.String()
}

// echoes reports whether what is typed is shown.
func (term *terminal) echoes() bool {
	var state syscall.Termios
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, term.slave.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&state)))
	return errno != 0 || state.Lflag&syscall.ECHO != 0
}

// answer types a line once the screen ends with the question, and once the echo is off
// if it is to be: that comes after the question. If it does not come, whoever asks
// something else is stopped, for whose end the test waits.
func (term *terminal) answer(question, line string, secret bool) {
	deadline := time.Now().Add(30 * time.Second)
	for !strings.HasSuffix(strings.TrimRight(term.screen(), " "), strings.TrimRight(question, " ")) || secret && term.echoes() {
		if time.Now().After(deadline) {
			term.t.Errorf("never asked %q; the screen shows\n%s", question, term.screen())
			term.leave()
			return
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := term.master.WriteString(line + "\n"); err != nil {
		term.t.Error(err)
	}
}

// TestTerminal connects at a terminal: what is missing is asked for, one after the
// other, and the key is not to be seen.
func TestTerminal(t *testing.T) {
	p, y, config := newYard(t)
	term := newTerminal(t)
	done := make(chan int)
	go func() {
		done <- Run(term.ctx, []string{"-c", config, "connect", "quay"}, IO{In: term.slave, Out: &p.out, Err: term.slave}, p.deps)
	}()
	term.answer("API key: ", "seeded-key", true)
	term.answer("Note (may be empty): ", "typed in the open", false)
	term.answer("Which one? (1 to 2): ", "2", false)
	if code := <-done; code != 0 {
		t.Fatalf("exit code %d", code)
	}
	_, _ = term.slave.WriteString("\nthe end")
	term.answer("the end", "", false)
	screen := term.screen()
	if strings.Contains(screen, "seeded") {
		t.Errorf("the key is on the screen:\n%s", screen)
	}
	for _, want := range []string{"typed in the open", "  2  Jetty (s2)", "connected quay/default to quay: note typed in the open, site s2"} {
		if !strings.Contains(screen, want) {
			t.Errorf("the screen does not show %q:\n%s", want, screen)
		}
	}
	if last := y.calls[len(y.calls)-1]; last != "/sites/s2/me" {
		t.Errorf("the last call went to %s", last)
	}
}

// TestTerminalKey pastes a private key, whose lines are neither shown nor left over,
// after a path that leads nowhere.
func TestTerminalKey(t *testing.T) {
	p := newProgram(t)
	config := filepath.Join(t.TempDir(), "integrations.yaml")
	write(t, config, `integrations:
    robot:
        auth: {auth_mode: JWT, jwt: {algorithm: RS256, key: "${credentials.pem}"}}
        credentials: {pem: {title: Key, format: private_key}, note: {title: Note}}
        requests: {base_url: https://api.robot.example}
`)
	term := newTerminal(t)
	done := make(chan int)
	go func() {
		done <- Run(term.ctx, []string{"-c", config, "connect", "robot"}, IO{In: term.slave, Out: &p.out, Err: term.slave}, p.deps)
	}()
	rsaKey, _, _ := strings.Cut(sandbox.PrivateKey, "\n-----BEGIN") // the first of several
	const question = "Key (PEM, or the path of its file): "
	term.answer(question, "seeded-key.pem", true)
	term.answer("Key is neither a key in PEM nor the path of a file: no such file or directory\r\n"+question, rsaKey, true)
	term.answer("Note: ", "typed in the open", false)
	if code := <-done; code != 0 {
		t.Fatalf("exit code %d", code)
	}
	_, _ = term.slave.WriteString("\nthe end")
	term.answer("the end", "", false)
	if screen := term.screen(); strings.Contains(screen, "seeded") || strings.Contains(screen, "PRIVATE") || !strings.Contains(screen, "connected robot/default") {
		t.Errorf("the screen shows\n%s", screen)
	}
}

// TestTerminalKeyInterrupted leaves the echo on.
func TestTerminalKeyInterrupted(t *testing.T) {
	p := newProgram(t)
	config := filepath.Join(t.TempDir(), "integrations.yaml")
	write(t, config, `integrations:
    robot:
        auth: {auth_mode: JWT, jwt: {algorithm: RS256, key: "${credentials.pem}"}}
        credentials: {pem: {title: Key, format: private_key}}
        requests: {base_url: https://api.robot.example}
`)
	term := newTerminal(t)
	done := make(chan int)
	go func() {
		done <- Run(term.ctx, []string{"-c", config, "connect", "robot"}, IO{In: term.slave, Out: &p.out, Err: term.slave}, p.deps)
	}()
	term.answer("Key (PEM, or the path of its file): ", "-----BEGIN PRIVATE KEY-----\nMII\x03", true)
	if code := <-done; code != 1 || !term.echoes() {
		t.Errorf("exit code %d, echoes: %t", code, term.echoes())
	}
}
