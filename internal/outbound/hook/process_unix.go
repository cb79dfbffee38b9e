//go:build unix

package hook

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// waitDelay is how long the pipes of a killed process are waited for.
const waitDelay = 250 * time.Millisecond

// nobody is the user that functions run as when the server is root, so that a
// function cannot read what only the server may.
const nobody = 65534

// isolate makes a process the leader of a new group, has the end of its context
// kill the whole group, and takes root's rights away if drop says so.
func isolate(cmd *exec.Cmd, drop bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if drop && os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	if cmd.Cancel != nil {
		cmd.Cancel = func() error { return killGroup(cmd) }
	}
}

func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
