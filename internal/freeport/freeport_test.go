package freeport

import (
	"net"
	"strconv"
	"testing"
)

func TestPortsAreFreeAndDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[int]bool)
	for range 200 {
		picked, err := Pick(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if first := firstLocal(); first > lowest && (picked < lowest || picked >= first) {
			t.Errorf("port %d, the kernel gives away those from %d", picked, first)
		}
		if seen[picked] && firstLocal() > lowest {
			t.Errorf("port %d twice", picked)
		}
		seen[picked] = true
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(picked)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}
}

func TestTakenPortsArePassedOver(t *testing.T) {
	t.Parallel()
	picked, err := Pick(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(picked)))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := port(net.Listen("tcp", ":"+strconv.Itoa(picked))); err == nil {
		t.Errorf("port %d is given twice", picked)
	}
}
