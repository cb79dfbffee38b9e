package freeport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
)

const (
	// lowest is the lowest port that is given: those below are of known services.
	lowest = 16_384
	// localPorts says which ports Linux gives to connections that go out.
	localPorts = "/proc/sys/net/ipv4/ip_local_port_range"
)

// next counts the ports that this process was given.
var next atomic.Uint32 //nolint:gochecknoglobals // the ports are those of the whole process

// Pick gives a port of 127.0.0.1 that nobody uses. It is none of those that the kernel
// gives away: between Pick and the program's own listening, and while a program is
// down that comes back, any connection of another test could get such a one.
func Pick(ctx context.Context) (int, error) {
	var l net.ListenConfig
	end := firstLocal()
	if end <= lowest {
		return port(l.Listen(ctx, "tcp", "127.0.0.1:0"))
	}
	count := uint32(end - lowest)
	for range count {
		// Packages are tested by processes of their own, at the same time.
		n := (uint32(os.Getpid())*64 + next.Add(1)) % count
		picked, err := port(l.Listen(ctx, "tcp", ":"+strconv.Itoa(lowest+int(n))))
		if err == nil || ctx.Err() != nil {
			return picked, err
		}
	}
	return 0, errors.New("find a free port: all are taken")
}

// port closes a listener and gives its port.
func port(l net.Listener, err error) (int, error) {
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("find a free port: the address is %s", l.Addr())
	}
	return address.Port, l.Close()
}

// firstLocal is where the ports begin that the kernel gives away; 0: nobody knows.
func firstLocal() int {
	text, err := os.ReadFile(localPorts)
	if err != nil {
		return 0
	}
	var first int
	if _, err := fmt.Sscan(string(text), &first); err != nil {
		return 0
	}
	return first
}
