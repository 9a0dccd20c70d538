package doctor

import (
	"errors"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

const (
	mendPlace = "name a place with --store: a path, sqlite:PATH or postgres://…"
	mendKeys  = "give the key that has sealed what is there: put its file back, or name it with --keys FILE or NANGO_LITE_KEYS"
	makeKeys  = "make a key once for all servers over the store (nango-lite keys create FILE), and name it with --keys FILE or NANGO_LITE_KEYS"
)

// mendStore says what to do about a store that cannot be opened or read.
func mendStore(p storage.Place, err error) string {
	switch {
	case errors.Is(err, sqlite.ErrCorrupt):
		return "take the last backup that is whole"
	case errors.Is(err, sqlite.ErrBusy):
		return "end the program that writes to it, or wait for it"
	case errors.Is(err, sqlite.ErrFull):
		return "make room on its disk"
	case p.Path == "":
		return "is the database running, can it be reached from here, and are the user and password right?"
	}
	return "is the path right, is it a file of nango-lite's, and may whoever runs this read and write it?"
}
