package truststore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// keystorePassword is what Java's own keystore is shipped with; it protects
// nothing, for there are no secrets in it.
const keystorePassword = "changeit"

// java finds keytool and the keystore of the Java in JAVA_HOME; found is
// whether there is such a Java at all.
func (m *Machine) java() (keytool, keystore string, found bool) {
	home := m.Getenv("JAVA_HOME")
	if home == "" {
		return "", "", false
	}
	for _, below := range []string{"lib/security/cacerts", "jre/lib/security/cacerts"} {
		path := filepath.Join(home, filepath.FromSlash(below))
		if _, err := os.Stat(path); err == nil {
			return filepath.Join(home, "bin", "keytool"), path, true
		}
	}
	return "", "", false
}

func (m *Machine) installJava(ctx context.Context, c Certificate) []Result {
	keytool, keystore, found := m.java()
	if !found {
		return nil
	}
	store := "Java (" + keystore + ")"
	there, err := m.inJava(ctx, keytool, keystore, c)
	if err == nil && !there {
		err = m.run(ctx, !writable(keystore), keytool, "-importcert", "-noprompt", "-trustcacerts",
			"-alias", c.nickname(), "-file", c.File, "-keystore", keystore, "-storepass", keystorePassword)
	}
	return []Result{result(store, Installed, err, "")}
}

func (m *Machine) removeJava(ctx context.Context, c Certificate) []Result {
	keytool, keystore, found := m.java()
	if !found {
		return nil
	}
	store := "Java (" + keystore + ")"
	there, err := m.inJava(ctx, keytool, keystore, c)
	if err == nil && !there {
		return []Result{{Store: store, Outcome: Absent}}
	}
	if err == nil {
		err = m.run(ctx, !writable(keystore), keytool, "-delete", "-alias", c.nickname(), "-keystore", keystore, "-storepass", keystorePassword)
	}
	return []Result{result(store, Removed, err, "")}
}

func (m *Machine) inJava(ctx context.Context, keytool, keystore string, c Certificate) (bool, error) {
	return m.present(ctx, "does not exist", keytool, "-J-Duser.language=en", "-list",
		"-alias", c.nickname(), "-keystore", keystore, "-storepass", keystorePassword)
}

// writable reports whether this process may change a file.
func writable(path string) bool {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	return err == nil && errors.Join(file.Close()) == nil
}
