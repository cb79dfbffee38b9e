//go:build !unix

package hook

import (
	"os/exec"
	"time"
)

// waitDelay is how long the pipes of a killed process are waited for.
const waitDelay = 250 * time.Millisecond

// isolate does nothing here: there are neither groups nor other users to run as.
func isolate(*exec.Cmd, bool) {}

func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
