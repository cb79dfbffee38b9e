package reliability

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/store"
)

// export gives the lines of a pool.
func (n *node) export(t *testing.T, poolID string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pool.jsonl")
	n.operate(t, "export", "--pool", poolID, "--out", file, "--secrets", "plain")
	text, err := os.ReadFile(file)
	must(t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// crowd adds people to an exported pool who are like one of its users.
func crowd(t *testing.T, lines []string, like string, people int) []string {
	t.Helper()
	at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, `"Username":"`+like+`"`) })
	if at < 0 {
		t.Fatalf("%s is not in the file", like)
	}
	var row struct{ User map[string]any }
	must(t, json.Unmarshal([]byte(lines[at]), &row))
	sub := row.User["Sub"].(string)
	all := slices.Clone(lines)
	for i := range people {
		one := strings.ReplaceAll(lines[at], like+"@example.com", fmt.Sprintf("%s%d@example.com", like, i))
		one = strings.ReplaceAll(one, sub, fmt.Sprintf("%s%012d", sub[:24], i))
		all = append(all, strings.ReplaceAll(one, `"Username":"`+like+`"`, fmt.Sprintf(`"Username":"%s%d"`, like, i)))
	}
	return all
}

// emptyNode starts a server with nothing in it, and gives how to start it again.
func emptyNode(t *testing.T) (n *node, again func() *node) {
	t.Helper()
	dir, endpoint := t.TempDir(), freeEndpoint(t)
	_, err := store.LoadOrCreateMasterKey(filepath.Join(dir, "master.key"))
	must(t, err)
	again = func() *node { return startNode(t, endpoint, "--data", dir, "--public-url", endpoint) }
	return again(), again
}

// interrupt runs a command again and again, and each time kills it a little later,
// every other time together with the server that it works on. The last run is let
// through.
func interrupt(t *testing.T, n *node, again func() *node, step time.Duration, rounds int, args ...string) *node {
	t.Helper()
	for round := range rounds {
		cmd := n.command(t, args...)
		must(t, cmd.Start())
		time.Sleep(time.Duration(1+round) * step) // the moment of the fault
		if round%2 == 1 {
			n.kill()
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if round%2 == 1 {
			n = again()
		}
	}
	t.Logf("%s", n.operate(t, args...))
	return n
}

// An import that is killed on either side is completed by running it again, and
// comes to what one that nobody disturbed comes to.
func TestAnImportOfAPoolSurvivesKillNine(t *testing.T) {
	t.Parallel()
	args, p := restore(t, "sqlite")
	source := startNode(t, freeEndpoint(t), args...)
	lines := source.export(t, p.Pool)
	source.kill()
	file := writeFile(t, strings.Join(crowd(t, lines, "eve", 12_000), "\n")+"\n")

	undisturbed, _ := emptyNode(t)
	undisturbed.operate(t, "import", file)
	want := undisturbed.export(t, p.Pool)
	undisturbed.kill()
	n, again := emptyNode(t)
	n = interrupt(t, n, again, 250*time.Millisecond, 5, "import", file)
	if diff := cmp.Diff(want, n.export(t, p.Pool)); diff != "" {
		t.Errorf("another pool than without interruptions (-want +got):\n%.4000s", diff)
	}
	p.signIn(t, n, "ana")
	p.checkFactorOfApp(t, n)
}

// A copy that is killed on either side is completed by running it again: everybody
// is there once.
func TestAMigrationSurvivesKillNine(t *testing.T) {
	t.Parallel()
	const people = 1500
	old, _ := emptyNode(t)
	i := beginImport(t, old, people)
	i.check(t, old)
	_, err := old.api.SetUserPoolMfaConfig(t.Context(), &cip.SetUserPoolMfaConfigInput{UserPoolId: &i.pool, MfaConfiguration: "OFF"})
	must(t, err)
	_, err = old.api.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &i.pool, GroupName: aws.String("admins")})
	must(t, err)
	_, err = old.api.AdminAddUserToGroup(t.Context(), &cip.AdminAddUserToGroupInput{UserPoolId: &i.pool, GroupName: aws.String("admins"), Username: aws.String("user77")})
	must(t, err)

	n, again := emptyNode(t)
	n = interrupt(t, n, again, 200*time.Millisecond, 5, "migrate", "from-aws", "--pool", i.pool, "--source-endpoint", old.endpoint,
		"--passwords", "reset", "--rate", "60", "--resume", filepath.Join(t.TempDir(), "resume"))
	count := map[string]int{}
	for _, line := range n.export(t, i.pool) {
		var row struct {
			User *struct{ Username, Sub string }
		}
		must(t, json.NewDecoder(bytes.NewReader([]byte(line))).Decode(&row))
		if row.User != nil {
			count[row.User.Username]++
		}
	}
	for p := range people {
		if name := fmt.Sprintf("user%d", p); count[name] != 1 {
			t.Errorf("%s is there %d times", name, count[name])
		}
	}
	groups, err := n.api.AdminListGroupsForUser(t.Context(), &cip.AdminListGroupsForUserInput{UserPoolId: &i.pool, Username: aws.String("user77")})
	must(t, err)
	if len(groups.Groups) != 1 {
		t.Errorf("user77 is in %d groups", len(groups.Groups))
	}
}
