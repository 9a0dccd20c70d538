package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A page of the operator's that is open, and so waits for events without end, holds up no
// shutdown: its stream ends, and the program with it, long before --drain.
func TestAnOpenPageHoldsUpNoShutdown(t *testing.T) {
	example, err := filepath.Abs("../../integrations.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := startServe(t, t.TempDir(), nil, "serve", "--sandbox", "-c", example, "--addr", "127.0.0.1:0", "--drain", "10m", "--no-access-log")
	s.key = s.line(s.stdout)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	resp, err := browser.Get(s.url + "/ui/login")
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	form := regexp.MustCompile(`name="form" value="([^"]*)"`).FindSubmatch(page)
	if form == nil {
		t.Fatalf("the login page: %s", page)
	}
	if resp, err = browser.PostForm(s.url+"/ui/login", url.Values{"form": {string(form[1])}, "key": {s.key}}); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp, err = browser.Get(s.url + "/ui/live/connections"); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	events := bufio.NewReader(resp.Body)
	for line := ""; !strings.HasPrefix(line, "event: page"); {
		if line, err = events.ReadString('\n'); err != nil {
			t.Fatalf("the stream has ended: %v", err)
		}
	}
	began := time.Now()
	s.stop()
	if _, err := io.Copy(io.Discard, events); err != nil {
		t.Errorf("the stream was broken off: %v", err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the shutdown took %s", took)
	}
}
