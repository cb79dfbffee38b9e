package truststore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// profiles are where Firefox and Chromium keep databases of certificates, below
// the home directory. Chromium on macOS, and both on Windows, go by the system.
var profiles = map[string][]string{
	"linux": {
		".pki/nssdb", ".local/share/pki/nssdb", "snap/chromium/current/.pki/nssdb",
		".mozilla/firefox/*", "snap/firefox/common/.mozilla/firefox/*",
		".var/app/org.mozilla.firefox/.mozilla/firefox/*", ".config/mozilla/firefox/*",
	},
	"darwin": {"Library/Application Support/Firefox/Profiles/*"},
}

const closeBrowser = "close the browser and run the same command again"

// databases finds those that exist.
func (m *Machine) databases() (dirs []string) {
	for _, pattern := range profiles[m.OS] {
		found, _ := filepath.Glob(filepath.Join(m.Home, filepath.FromSlash(pattern), "cert9.db")) // the patterns are good
		for _, file := range found {
			dirs = append(dirs, filepath.Dir(file))
		}
	}
	slices.Sort(dirs)
	return dirs
}

// makeChromium makes Chromium's database where Chromium is installed and has
// not been started yet.
func (m *Machine) makeChromium(ctx context.Context) error {
	there := slices.ContainsFunc(m.databases(), func(dir string) bool { return filepath.Base(dir) == "nssdb" })
	if there || m.OS != "linux" || !slices.ContainsFunc([]string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}, m.has) {
		return nil
	}
	dir := filepath.Join(m.Home, ".pki", "nssdb") // which Chromium prefers to all others
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return m.run(ctx, false, "certutil", "-N", "--empty-password", "-d", "sql:"+dir)
}

func (m *Machine) installBrowsers(ctx context.Context, c Certificate) (results []Result) {
	if m.hasTool() {
		if err := m.makeChromium(ctx); err != nil {
			results = append(results, result("Chromium", "", err, ""))
		}
	}
	for _, dir := range m.databases() {
		store := m.browser(dir)
		if !m.hasTool() {
			results = append(results, Result{Store: store, Outcome: Manual, Advice: m.withoutTool()})
			continue
		}
		err := m.run(ctx, false, "certutil", "-A", "-d", "sql:"+dir, "-t", "C,,", "-n", c.nickname(), "-i", c.File)
		results = append(results, result(store, Installed, err, closeBrowser))
	}
	return results
}

func (m *Machine) removeBrowsers(ctx context.Context, c Certificate) (results []Result) {
	for _, dir := range m.databases() {
		store := m.browser(dir)
		if !m.hasTool() {
			results = append(results, result(store, "", errors.New("it cannot be looked into without certutil"), m.withoutTool()))
			continue
		}
		there, err := m.present(ctx, "could not find", "certutil", "-L", "-d", "sql:"+dir, "-n", c.nickname())
		if err == nil && !there {
			results = append(results, Result{Store: store, Outcome: Absent})
			continue
		}
		if err == nil {
			err = m.run(ctx, false, "certutil", "-D", "-d", "sql:"+dir, "-n", c.nickname())
		}
		results = append(results, result(store, Removed, err, closeBrowser))
	}
	return results
}

// hasTool reports whether certutil of NSS is here; Windows has another program
// of that name.
func (m *Machine) hasTool() bool { return m.OS != "windows" && m.has("certutil") }

func (m *Machine) browser(dir string) string {
	if filepath.Base(dir) == "nssdb" {
		return "Chromium (" + dir + ")"
	}
	return "Firefox (" + dir + ")"
}

// withoutTool says how to get certutil of NSS.
func (m *Machine) withoutTool() string {
	return m.advise([]tool{
		{"apt-get", "sudo apt-get install libnss3-tools"},
		{"dnf", "sudo dnf install nss-tools"},
		{"pacman", "sudo pacman -S nss"},
		{"zypper", "sudo zypper install mozilla-nss-tools"},
		{"apk", "apk add nss-tools"},
		{"brew", "brew install nss"},
	}, "install certutil of NSS, then run the same command again")
}
