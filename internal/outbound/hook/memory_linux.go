package hook

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// memoryLimit bounds what a process of a function may write to, in bytes
// (security.md S163). Its children inherit the bound, each for itself.
const memoryLimit = 1 << 30

const rlimitData = 2 // RLIMIT_DATA of setrlimit(2): what runtimes only reserve does not count

// limitMemory bounds the memory of a process that was just started.
func limitMemory(p *os.Process) error {
	limit := syscall.Rlimit{Cur: memoryLimit, Max: memoryLimit}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.Pid), rlimitData, uintptr(unsafe.Pointer(&limit)), 0, 0, 0) //nolint:gosec // prlimit(2) has no wrapper in the standard library
	if errno != 0 && errno != syscall.ESRCH {                                                                                       // it may have ended already
		return fmt.Errorf("limit the memory of a function: %w", errno)
	}
	return nil
}
