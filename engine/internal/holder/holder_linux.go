package holder

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// machine is where process ids mean what they mean here: this host since it was started
// last, and in it this namespace of processes. Two containers may have the same name, and
// process 1 both. The namespace of time belongs to it, since it shifts when processes are
// said to have started. Empty: not known.
var machine = sync.OnceValue(func() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	processes, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	times, err := os.Readlink("/proc/self/ns/time") // Linux 5.6
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return ""
	}
	host, _ := os.Hostname()
	return sum(host, strings.TrimSpace(string(boot)), processes, times)
})

// lives reports whether there is a process with this id. One that has ended and that
// nobody has waited for has no memory and no connections: it does not live.
func lives(pid int) bool {
	if syscall.Kill(pid, 0) == syscall.ESRCH { // /proc may hide processes of others
		return false
	}
	state, _ := status(pid)
	return state != "Z" && state != "X"
}

// started is when a process was started, in ticks since the machine was; empty: not known.
func started(pid int) string {
	_, start := status(pid)
	return start
}

// status returns the fields state and starttime of proc_pid_stat(5).
func status(pid int) (state, start string) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", ""
	}
	// The program's name, in parentheses, may have anything in it.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 20 {
		return "", ""
	}
	return fields[0], fields[19]
}
