//go:build unix

package seal

import (
	"os"
	"syscall"
)

// sameOwner gives f the owner of the file called name: an administrator who
// rotates the keys of a service must not lock it out.
func sameOwner(f *os.File, name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return f.Chown(int(st.Uid), int(st.Gid))
	}
	return nil
}
