//go:build !unix

package seal

import "os"

func sameOwner(*os.File, string) error { return nil }
