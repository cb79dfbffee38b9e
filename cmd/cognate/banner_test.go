package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"cognate/internal/server"
)

const red = "\x1b[1;31m"

// Who can be reached from elsewhere is told so, in red; who cannot is not.
func TestS192TheBannerShowsExposure(t *testing.T) {
	t.Parallel()
	for address, exposed := range map[string]bool{
		"127.0.0.1:7665": false, "[::1]:7665": false, "127.8.8.8:80": false,
		"0.0.0.0:7665": true, "[::]:7665": true, "192.168.1.5:7665": true, "[2001:db8::1]:7665": true, "[fe80::1%eth0]:7665": true,
	} {
		for _, colour := range []bool{true, false} {
			at, err := net.ResolveTCPAddr("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			c := devCommand{}
			c.PublicURL = "http://localhost:7665"
			if err := c.announce(&out, at, &server.Sample{UserPoolID: "us-east-1_x"}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(out.String(), "Reachable from other machines at "+at.String()); got != exposed {
				t.Errorf("%s: exposure shown: %v\n%s", address, got, &out)
			}
			out.Reset()
			b := banner{w: &out, colour: colour, endpoint: c.PublicURL}
			if exposed {
				b.exposed = at.String()
			}
			if err := b.print(); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(out.String(), red+"Reachable from other machines at "+at.String()); got != (exposed && colour) {
				t.Errorf("%s: red: %v\n%q", address, got, out.String())
			}
		}
	}
}

// Both commands listen on this machine only unless they are told otherwise.
func TestS192LoopbackIsTheDefault(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"dev", "serve"} {
		var c cli
		parser, err := kong.New(&c, kong.Name("cognate"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse([]string{command}); err != nil {
			t.Fatal(err)
		}
		listen := map[string]string{"dev": c.Dev.Listen, "serve": c.Serve.Listen}[command]
		if listen != server.DefaultListen {
			t.Errorf("%s listens on %q", command, listen)
		}
	}
	address, err := net.ResolveTCPAddr("tcp", server.DefaultListen)
	if err != nil || !address.IP.IsLoopback() {
		t.Errorf("the default is %q, %v", server.DefaultListen, err)
	}
}
