//go:build !linux

package hook

import "os"

// limitMemory does nothing here: limits are set by their processes themselves.
func limitMemory(*os.Process) error { return nil }
