package truststore

import (
	"context"
	"crypto/sha1" //nolint:gosec // the name of a certificate in the stores of macOS and Windows
	"encoding/hex"
	"os"
)

// anchors are the families of Linux: where certificates are put, and what
// gathers them.
var anchors = []struct{ dir, gather string }{
	{"/usr/local/share/ca-certificates", "update-ca-certificates"},   // Debian, Ubuntu, Alpine
	{"/etc/pki/ca-trust/source/anchors", "update-ca-trust"},          // Fedora, RHEL
	{"/etc/ca-certificates/trust-source/anchors", "update-ca-trust"}, // Arch
	{"/usr/share/pki/trust/anchors", "update-ca-certificates"},       // openSUSE
	{"/etc/pki/trust/anchors", "update-ca-certificates"},             // openSUSE, read-only systems
}

const (
	systemStore = "system"
	needsRoot   = "changing the system's store needs root"
	macKeychain = "/Library/Keychains/System.keychain"
)

// anchor finds the directory and the program of this system.
func (m *Machine) anchor() (dir, gather string, found bool) {
	for _, a := range anchors {
		dir := m.path(a.dir)
		if info, err := os.Stat(dir); err == nil && info.IsDir() && m.has(a.gather) {
			return dir, a.gather, true
		}
	}
	return "", "", false
}

func (m *Machine) installSystem(ctx context.Context, c Certificate) Result {
	switch m.OS {
	case "darwin":
		err := m.run(ctx, true, "security", "add-trusted-cert", "-d", "-r", "trustRoot", "-p", "ssl", "-k", macKeychain, c.File)
		return result(systemStore, Installed, err, needsRoot)
	case "windows":
		err := m.run(ctx, false, "certutil", "-user", "-f", "-addstore", "Root", c.File)
		return result(systemStore, Installed, err, "")
	}
	dir, gather, found := m.anchor()
	if !found {
		return Result{Store: systemStore, Outcome: Manual, Advice: m.advise([]tool{
			{"apt-get", "sudo apt-get install ca-certificates"}, {"apk", "apk add ca-certificates"}, {"dnf", "sudo dnf install ca-certificates"},
		}, "add the file of cognate trust export by this system's own means")}
	}
	err := m.run(ctx, true, "install", "-m", "0644", c.File, dir+"/"+c.fileName())
	if err == nil {
		err = m.run(ctx, true, gather)
	}
	return result(systemStore, Installed, err, needsRoot)
}

func (m *Machine) removeSystem(ctx context.Context, c Certificate) Result {
	if m.OS == "darwin" || m.OS == "windows" {
		return m.removeByDigest(ctx, c)
	}
	dir, gather, found := m.anchor()
	if !found {
		return Result{Store: systemStore, Outcome: Absent}
	}
	file := dir + "/" + c.fileName()
	if _, err := os.Stat(file); os.IsNotExist(err) {
		return Result{Store: systemStore, Outcome: Absent}
	}
	err := m.run(ctx, true, "rm", "-f", file)
	if err == nil && gather == "update-ca-certificates" {
		err = m.run(ctx, true, gather, "--fresh") // or links to what is gone stay
	} else if err == nil {
		err = m.run(ctx, true, gather)
	}
	return result(systemStore, Removed, err, needsRoot)
}

// removeByDigest is removeSystem where stores know certificates by their SHA-1
// digest.
func (m *Machine) removeByDigest(ctx context.Context, c Certificate) Result {
	digest := sha1.Sum(c.Root.Raw) //nolint:gosec // a name, see the import
	name := hex.EncodeToString(digest[:])
	look := []string{"certutil", "-user", "-verifystore", "Root", name}
	missing := "crypt_e_not_found"
	remove := []string{"certutil", "-user", "-delstore", "Root", name}
	if m.OS == "darwin" {
		look, missing = []string{"security", "find-certificate", "-c", c.Root.Subject.CommonName, macKeychain}, "could not be found"
		remove = []string{"security", "delete-certificate", "-t", "-Z", name, macKeychain}
	}
	there, err := m.present(ctx, missing, look...)
	if err == nil && !there {
		return Result{Store: systemStore, Outcome: Absent}
	}
	if err == nil {
		err = m.run(ctx, true, remove...)
	}
	return result(systemStore, Removed, err, needsRoot)
}
