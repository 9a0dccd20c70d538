package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// memoryAndStart measures what does not depend on wrk.
func (s *setting) memoryAndStart(ctx context.Context) error {
	loaded, err := s.ours.memory("VmHWM")
	if err != nil {
		return err
	}
	if err := s.download(ctx, 16); err != nil {
		return err
	}
	after, err := s.ours.memory("VmHWM")
	if err != nil {
		return err
	}
	before, err := s.ours.used()
	if err != nil {
		return err
	}
	const idle = 10 * time.Second
	time.Sleep(idle)
	now, err := s.ours.used()
	if err != nil {
		return err
	}
	fmt.Printf("| nango-lite | |\n|---|---|\n| resident memory at most, under that load | %.1f MiB |\n| and after 16 parallel downloads of 16 MiB | %.1f MiB |\n| processor time while idle | %.2f %% of a core |\n",
		float64(loaded)/1024, float64(after)/1024, 100*float64(now-before)/float64(idle))
	ours, err := s.startTime(ctx, func() (*process, error) {
		was := s.ours
		defer func() { s.ours = was }()
		err := s.serve(ctx)
		return s.ours, err
	})
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, err := s.startTime(ctx, func() (*process, error) {
		p, _, err := start(ctx, "empty", os.Stderr, nil, self, "play", "empty", apiKey)
		return p, err
	})
	if err != nil {
		return err
	}
	fmt.Printf("| from start to ready | %s, %.1f times an empty Go server's %s |\n", ours.Round(100*time.Microsecond), float64(ours)/float64(bare), bare.Round(100*time.Microsecond))
	return nil
}

// startTime is the median time until a process answers /healthz.
func (s *setting) startTime(ctx context.Context, run func() (*process, error)) (time.Duration, error) {
	var times []time.Duration
	for range 9 {
		began := time.Now()
		p, err := run()
		if err != nil {
			return 0, err
		}
		err = wait(ctx, p.base+"/healthz")
		times = append(times, time.Since(began))
		p.stop()
		if err != nil {
			return 0, err
		}
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// download reads n answers of 16 MiB at once.
func (s *setting) download(ctx context.Context, n int) error {
	errs := make(chan error, n)
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ours.base+"/c/upstream/user-0/big", nil)
			if err != nil {
				errs <- err
				return
			}
			r.Header.Set("Authorization", "Bearer "+apiKey)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				errs <- err
				return
			}
			defer resp.Body.Close()
			if got, err := io.Copy(io.Discard, resp.Body); err != nil || got != 16<<20 {
				errs <- fmt.Errorf("a download had %d bytes: %v", got, err)
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}
