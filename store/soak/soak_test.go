package main

import (
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if isWorker() {
		os.Exit(worker())
	}
	os.Exit(m.Run())
}

const serverEnv = "NANGO_LITE_TEST_POSTGRES"

// onBoth runs f on a SQLite file and on PostgreSQL.
func onBoth(t *testing.T, f func(t *testing.T, at *place)) {
	for _, name := range []string{"SQLite", "PostgreSQL"} {
		server := ""
		if name == "PostgreSQL" {
			server = os.Getenv(serverEnv)
		}
		t.Run(name, func(t *testing.T) {
			if server == "" && name == "PostgreSQL" {
				t.Skipf("set %s to the URL of a PostgreSQL server where schemas may be made, such as postgres://postgres@127.0.0.1:5432/postgres", serverEnv)
			}
			at, err := newPlace(t.Context(), server)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := at.close(); err != nil {
					t.Error(err)
				}
			}()
			f(t, at)
		})
	}
}

// The promise in full: 1,000 callers in each of 4 processes.
func TestExactlyOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, at *place) {
		text, err := once(t.Context(), at, fullSize)
		t.Log(text)
		if err != nil {
			t.Error(err)
		}
	})
}

func TestNothingLost(t *testing.T) {
	onBoth(t, func(t *testing.T, at *place) {
		text, err := lost(t.Context(), at, lostSize{Runs: 50, AtOnce: 4, Seed: time.Now().UnixNano()})
		t.Log(text)
		if err != nil {
			t.Error(err)
		}
	})
}
