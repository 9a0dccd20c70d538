package storage

import (
	"fmt"
	"os"
)

// MustHaveKeys returns an error if the keys of this run's place are still to be made.
// A server makes none: the next one over the same store would not have it. The
// sandbox's connections are worth nothing, so there it may.
func (s *Storage) MustHaveKeys() error {
	p, err := s.Place()
	if err != nil || s.Sandbox {
		return err
	}
	if _, found, err := s.namedKeys(); found || err != nil {
		return err
	}
	name, err := s.keyFileOf(p)
	if err != nil {
		return err
	}
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	return fmt.Errorf("there is no key to seal connections with: give one by %s or --keys FILE, or make %s with '%s'",
		KeysEnv, name, s.CommandLine("keys", "create", name))
}
