package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nango-lite/nango-lite/sandbox"
)

// start runs the program with args in the script's environment.
func start(ts *testscript.TestScript, args []string) (cmd *exec.Cmd, stdout *bufio.Reader, stderr *bytes.Buffer) {
	cmd, stdout, stderr, stdin := startWithInput(ts, args)
	ts.Check(stdin.Close())
	return cmd, stdout, stderr
}

// startWithInput is start for a program that is typed to.
func startWithInput(ts *testscript.TestScript, args []string) (cmd *exec.Cmd, stdout *bufio.Reader, stderr *bytes.Buffer, stdin io.WriteCloser) {
	program := ""
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if _, err := os.Stat(dir + "/nango-lite"); err == nil && program == "" {
			program = dir + "/nango-lite"
		}
	}
	cmd = exec.Command(program, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "XDG_DATA_HOME", "GOCOVERDIR"} {
		if v := ts.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	pipe, err := cmd.StdoutPipe()
	ts.Check(err)
	stdin, err = cmd.StdinPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	return cmd, bufio.NewReader(pipe), stderr, stdin
}

// sandboxUp runs "nango-lite sandbox args..." until the script ends, and sets
// $SANDBOX to its address.
func sandboxUp(ts *testscript.TestScript, _ bool, args []string) {
	cmd, stdout, stderr := start(ts, append(args, "sandbox", "--addr", "127.0.0.1:0"))
	ts.Defer(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	line, err := stdout.ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		ts.Fatalf("the sandbox did not start: %v\n%s", err, stderr)
	}
	ts.Setenv("SANDBOX", strings.TrimSpace(line))
}

// consent allow|deny|stray|enter|paste args... runs "nango-lite args...", which prints an
// authorization URL, and plays the browser: it decides, and goes where it is
// sent. A stray browser brings a forged answer first; one that enters allows the code
// on the line after the page. What the program and the
// page say can be found in the files consent.stderr and consent.page.
func consent(ts *testscript.TestScript, neg bool, args []string) {
	decision, stray := args[0], false
	if decision == "stray" {
		decision, stray = "allow", true
	}
	cmd, stdout, stderr, stdin := startWithInput(ts, args[1:])
	defer stdin.Close()
	page, err := stdout.ReadString('\n')
	if err == nil {
		var result string
		if decision == "enter" {
			var code string
			if code, err = stdout.ReadString('\n'); err == nil {
				err = sandbox.AllowDevice(context.Background(), http.DefaultTransport, strings.TrimSpace(page), strings.TrimSpace(code), "allow")
			}
			page += code
		} else if decision == "paste" {
			err = paste(stdin, strings.TrimSpace(page))
		} else {
			result, err = browse(ts, strings.TrimSpace(page), decision, stray)
		}
		ts.Check(os.WriteFile(ts.MkAbs("consent.page"), []byte(result), 0o600))
	}
	if err != nil { // nobody will answer: it would wait for ever
		_ = cmd.Process.Kill()
	}
	rest, _ := io.ReadAll(stdout)
	failed := cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("consent.stderr"), stderr.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("consent.stdout"), append([]byte(page), rest...), 0o600))
	switch {
	case err != nil:
		ts.Fatalf("the browser got nowhere: %v\n%s", err, stderr)
	case failed != nil && !neg, failed == nil && neg:
		ts.Fatalf("connect ended with %v\n%s", failed, stderr)
	}
}

// paste is a browser on another machine: its user types where it was sent, after an
// address of another attempt.
func paste(stdin io.Writer, page string) error {
	callback, err := sandbox.Allow(context.Background(), http.DefaultTransport, page, "allow")
	if err != nil {
		return err
	}
	forged := *callback
	forged.RawQuery = "code=forged&state=forged"
	_, err = fmt.Fprintf(stdin, "%s\n%s\n", &forged, callback)
	return err
}

func browse(ts *testscript.TestScript, page, decision string, stray bool) (string, error) {
	callback, err := sandbox.Allow(context.Background(), http.DefaultTransport, page, decision)
	if err != nil {
		return "", err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	if stray {
		forged := *callback
		forged.RawQuery = "code=forged&state=forged"
		for _, u := range []string{forged.String(), strings.Replace(forged.String(), "/oauth/callback", "/favicon.ico", 1)} {
			resp, err := client.Get(u)
			if err != nil {
				return "", err
			}
			_ = resp.Body.Close()
			if resp.StatusCode < 400 {
				return "", fmt.Errorf("a stray answer was taken: %s", resp.Status)
			}
		}
		if resp, err := client.Post(callback.String(), "text/plain", nil); err != nil || resp.StatusCode != http.StatusBadRequest {
			return "", fmt.Errorf("POST was not refused: %v", err)
		}
	}
	resp, err := client.Get(callback.String())
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// jsonKeys file key... checks that a file holds an array of objects with exactly
// these keys, and at least one.
func jsonKeys(ts *testscript.TestScript, _ bool, args []string) {
	var objects []map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &objects))
	if len(objects) == 0 {
		ts.Fatalf("the array is empty")
	}
	want := slices.Sorted(slices.Values(args[1:]))
	for _, o := range objects {
		if got := slices.Sorted(maps.Keys(o)); !slices.Equal(got, want) {
			ts.Fatalf("got keys %v, want %v", got, want)
		}
	}
}

// mode octal file... checks the permissions of files.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", name, got, args[0])
		}
	}
}
