package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A process is measured.
type process struct {
	name string
	url  string // what wrk asks
	base string
	cmd  *exec.Cmd
}

// at is the same process, asked elsewhere.
func (p *process) at(path string) *process {
	c := *p
	c.url = p.base + path
	return &c
}

// start runs a program whose first line is its URL.
func start(ctx context.Context, name string, log io.Writer, env []string, program string, args ...string) (*process, *bufio.Reader, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	lines := bufio.NewReader(out)
	url, err := lines.ReadString('\n')
	if err != nil {
		return nil, nil, fmt.Errorf("%s did not start: %w", name, err)
	}
	url = strings.TrimSpace(url)
	return &process{name: name, url: url, base: url, cmd: cmd}, lines, nil
}

// stop ends it.
func (p *process) stop() {
	if p != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(os.Interrupt)
		_ = p.cmd.Wait()
	}
}

// used is the processor time of a process and its children.
func (p *process) used() (time.Duration, error) {
	total := time.Duration(0)
	pids, err := family(p.cmd.Process.Pid)
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		for _, f := range fields[11:13] { // utime and stime, in hundredths of a second (proc(5))
			n, err := strconv.Atoi(f)
			if err != nil {
				return 0, err
			}
			total += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return total, err
}

// family is a process and its children.
func family(pid int) ([]int, error) {
	pids := []int{pid}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for _, f := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(f); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids, err
}

// memory returns a line of /proc/PID/status, in KiB: VmRSS or VmHWM.
func (p *process) memory(line string) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			return strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	return 0, fmt.Errorf("/proc says nothing of %s", line)
}
