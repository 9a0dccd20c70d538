// Package migration reads the numbered files that bring a store's schema up to
// date. Start with [Read]. What a file says once is never edited: databases have
// run it.
package migration

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// A File is one step, such as 0001_init.sql.
type File struct {
	Version int
	Name    string // 0001_init
	SQL     string
}

// Read returns the files of dir, which are numbered from 1 without a gap.
func Read(fsys fs.FS, dir string) ([]File, error) {
	entries, err := fs.ReadDir(fsys, dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var all []File
	for i, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		v, err := strconv.Atoi(number)
		if err != nil || v != i+1 {
			return nil, fmt.Errorf("migration %s: want number %d", e.Name(), i+1)
		}
		text, err := fs.ReadFile(fsys, dir+"/"+e.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, File{v, strings.TrimSuffix(e.Name(), ".sql"), string(text)})
	}
	return all, nil
}

// Newer is the error of a database that knows more steps than this program.
func Newer(version, known int) error {
	return fmt.Errorf("its schema has version %d, and this program knows %d: a newer nango-lite has used it", version, known)
}
