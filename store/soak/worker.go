package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/pace"
)

// workerEnv holds the job of a process that this program starts of itself.
const workerEnv = "NANGO_LITE_SOAK_WORKER"

// A job is what a process is started for: to get a token for each caller.
type job struct {
	Place   place
	Base    string // of the provider
	Grace   time.Duration
	Pace    pace.Times
	Callers int
	IDs     []string // connections, shared by the callers
	Trip    step     // die there
}

// An outcome is what a caller got, by connection: a token's digest or an error.
type outcome map[string]map[string]int

func isWorker() bool { return os.Getenv(workerEnv) != "" }

// worker does its job when a line comes on stdin, and prints the outcome.
func worker() int {
	var j job
	if err := json.Unmarshal([]byte(os.Getenv(workerEnv)), &j); err != nil {
		return fail(err)
	}
	pace.Default = j.Pace
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	store, closeStore, err := j.Place.open(ctx)
	if err != nil {
		return fail(err)
	}
	defer closeStore()
	in := integration(j.Grace)
	rt, err := transport(j.Base, in)
	if err != nil {
		return fail(err)
	}
	wire := &tripwire{Store: store, next: rt, at: j.Trip}
	e, err := newEngine(wire, wire, in)
	if err != nil {
		return fail(err)
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(j.call(ctx, e)); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "worker:", err)
	return 1
}

func (j *job) call(ctx context.Context, e *engine.Engine) outcome {
	got := outcome{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range j.Callers {
		id := j.IDs[i%len(j.IDs)]
		wg.Go(func() {
			text := tokenOf(ctx, e, id)
			mu.Lock()
			defer mu.Unlock()
			if got[id] == nil {
				got[id] = map[string]int{}
			}
			got[id][text]++
		})
	}
	wg.Wait()
	return got
}

// tokenOf returns the digest of a token, or an error's text.
func tokenOf(ctx context.Context, e *engine.Engine, id string) string {
	t, err := e.TokenSource(connection.Key{Integration: name, ConnectionID: id}).Token(ctx)
	if err != nil {
		return "error: " + err.Error()
	}
	return digest(t)
}

func digest(t *connection.Token) string {
	sum := sha256.Sum256([]byte(t.AccessToken.Reveal()))
	return hex.EncodeToString(sum[:8])
}

// A process is a worker that runs.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// start starts a worker and waits until it is ready.
func start(ctx context.Context, j job) (*process, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, exe)}
	p.cmd.Env = append(os.Environ(), workerEnv+"="+string(text))
	p.cmd.Stderr = os.Stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdout = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := p.stdout.ReadString('\n'); err != nil {
		return nil, fmt.Errorf("a worker did not start: %w", p.cmd.Wait())
	}
	return p, nil
}

// begin lets the worker do its job.
func (p *process) begin() error {
	_, err := io.WriteString(p.stdin, "go\n")
	return err
}

// wait returns the outcome, or an error if the worker was killed.
func (p *process) wait() (outcome, error) {
	var got outcome
	read := json.NewDecoder(p.stdout).Decode(&got)
	if err := p.cmd.Wait(); err != nil {
		return nil, err
	}
	return got, read
}

// A step is a point of a refresh.
type step string

const (
	beforeIntent step = "before intent"
	afterIntent  step = "after intent"
	requestSent  step = "request sent" // the parent kills, when it has come
	answered     step = "answer received"
	stored       step = "stored"
	released     step = "released"
	anywhen      step = "at random" // the parent kills
)

var steps = []step{beforeIntent, afterIntent, requestSent, answered, stored, released, anywhen}

// A tripwire is a store and a transport in one, and dies at a step.
type tripwire struct {
	connection.Store
	next http.RoundTripper
	at   step
}

// pass ends the process as the kernel would, if it is the step to die at.
func (w *tripwire) pass(s step) {
	if w.at != s {
		return
	}
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}

func (w *tripwire) Replace(ctx context.Context, c *connection.Connection, generation int64) error {
	intent := !c.RefreshStarted.IsZero()
	if intent {
		w.pass(beforeIntent)
	}
	err := w.Store.Replace(ctx, c, generation)
	switch {
	case err != nil:
	case intent:
		w.pass(afterIntent)
	default:
		w.pass(stored)
	}
	return err
}

func (w *tripwire) Release(ctx context.Context, k connection.Key, holder string) error {
	err := w.Store.Release(ctx, k, holder)
	w.pass(released)
	return err
}

func (w *tripwire) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	w.pass(answered)
	return resp, err
}
