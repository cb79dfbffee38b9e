package fetch

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestS160OnlyPublicAddressesAreCalled(t *testing.T) {
	t.Parallel()
	for _, refused := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
		"192.168.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1",
		"198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
		"64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
		"2002:7f00:1::", "2001::1", "100::1", "fec0::1", "3fff::1", "5f00::1",
	} {
		if Public(netip.MustParseAddr(refused)) {
			t.Errorf("%s passes for public", refused)
		}
	}
	for _, fine := range []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.3.1", "2606:4700::1111", "::ffff:8.8.8.8"} {
		if !Public(netip.MustParseAddr(fine)) {
			t.Errorf("%s is refused", fine)
		}
	}
}

func TestS160LoopbackNeedsToBeListed(t *testing.T) {
	t.Parallel()
	called := 0
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called++ }))
	defer target.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(target.URL, "http://"), ":")
	// Forms of the same address that resolvers of the system understand.
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"} {
		answer, err := Client(Policy{Limit: 10, Timeout: time.Second}).Get("http://" + host + ":" + port)
		if err == nil {
			answer.Body.Close()
			t.Errorf("%s was called", host)
		}
		if (host == "127.0.0.1" || host == "localhost") && !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v, want ErrForbidden", host, err)
		}
	}
	if called != 0 {
		t.Fatal("the target was reached")
	}
	answer, err := Client(Policy{Allow: Loopback, Limit: 10, Timeout: time.Second}).Get(target.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if called != 1 {
		t.Error("the listed target was not reached")
	}
}

func TestS160RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	reached := false
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/other" {
			reached = true
		}
		http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
	}))
	defer target.Close()
	answer, err := Client(Policy{Allow: Loopback, Limit: 1000, Timeout: time.Second}).Get(target.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if reached || answer.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("status %d, followed: %t", answer.StatusCode, reached)
	}
}

func TestS161AnswersAreCutOff(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, 11, 20 << 20} {
		target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/chunked" {
				w.(http.Flusher).Flush()
			}
			_, _ = w.Write(bytes.Repeat([]byte("x"), size))
		}))
		for _, path := range []string{"/", "/chunked"} {
			body, err := read(target.URL + path)
			if tooLarge := size > 10; tooLarge != errors.Is(err, ErrTooLarge) || len(body) > 10 {
				t.Errorf("%d bytes from %s: read %d, %v", size, path, len(body), err)
			}
		}
		target.Close()
	}
}

func read(url string) ([]byte, error) {
	answer, err := Client(Policy{Allow: Loopback, Limit: 10, Timeout: 5 * time.Second}).Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// federation.md §4.1: usual ports on the public Internet, any in an allowed network.
func TestS160PortsBelongToNetworks(t *testing.T) {
	t.Parallel()
	p := Policy{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, Ports: []uint16{443, 80}}
	for address, permitted := range map[string]bool{
		"1.1.1.1:443": true, "1.1.1.1:80": true, "[2606:4700::1111]:443": true, "10.1.2.3:443": true, "10.1.2.3:8443": true,
		"1.1.1.1:8443": false, "1.1.1.1:22": false, "[2606:4700::1111]:8080": false, "10.2.2.3:443": false, "127.0.0.1:443": false, "nonsense": false,
	} {
		if err := p.check(address); (err == nil) != permitted || err != nil && !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Names below localhost are this machine, and as forbidden as it is.
func TestNamesBelowLocalhost(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	address := strings.Replace(target.URL, "127.0.0.1", "shop.auth.localhost", 1)
	answer, err := Client(Policy{Allow: Loopback, Limit: 10, Timeout: time.Second}).Get(address)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer, err = Client(Policy{Limit: 10, Timeout: time.Second}).Get(address); !errors.Is(err, ErrForbidden) {
		if err == nil {
			answer.Body.Close()
		}
		t.Errorf("%v, want ErrForbidden", err)
	}
}
