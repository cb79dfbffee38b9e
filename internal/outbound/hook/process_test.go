//go:build unix

package hook

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cognate/internal/testlog"
)

func TestS163CommandsSeeNoShellAndAnEmptyEnvironment(t *testing.T) {
	t.Parallel()
	f := functions(t, "greet=exec:env -u NOTHING", func(c *Config) {
		c.Environ = func() []string {
			return []string{"PATH=/usr/bin:/bin", "HOME=/nowhere", "COGNATE_MASTER_KEY=secret", "WANTED=yes", "AWS_SECRET_ACCESS_KEY=secret"}
		}
		c.Variables = []string{"WANTED"}
	})
	e := f.exact["greet"].(*execTarget)
	got := strings.Join(append(e.env, "AWS_REGION=eu-west-1"), "\n")
	const want = "PATH=/usr/bin:/bin\nHOME=/nowhere\nWANTED=yes\nAWS_LAMBDA_FUNCTION_NAME=greet\nAWS_ENDPOINT_URL=http://localhost:7665\nAWS_REGION=eu-west-1"
	if got != want {
		t.Errorf("environment:\n%s", got)
	}
	// What the process itself sees, as a list of lines that is no JSON object.
	marker := filepath.Join(t.TempDir(), "made")
	f = functions(t, "greet=exec:echo {} ; touch "+marker+" $(touch "+marker+")", nil)
	_, _, err := invoke(t, f, `{}`)
	unusable(t, err)
	if _, err := os.Stat(marker); err == nil {
		t.Error("a shell ran")
	}
}

func TestExecOutcomes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, script string
		check        func(*testing.T, error)
	}{
		{"answer", `cat`, nil},
		{"nothing", `true`, unusable},
		{"garbage", `echo hello`, unusable},
		{"reported", `echo '{"errorMessage":"not today"}'; exit 3`, failedWith("not today")},
		{"stderr", `echo one >&2; echo two >&2; exit 1`, failedWith("two")},
		{"20 MB", `head -c 20000000 /dev/zero`, unusable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			script := file(t, "run.sh", c.script+"\n")
			answer, done, err := invoke(t, functions(t, "greet=exec:sh "+script, nil), `{"n":1}`)
			if done.Attempts != 1 {
				t.Errorf("%d attempts", done.Attempts)
			}
			if c.check != nil {
				c.check(t, err)
			} else if err != nil || answer != `{"n":1}` {
				t.Errorf("%s, %v", answer, err)
			}
		})
	}
}

func TestS163TheWholeGroupIsKilledWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	children := filepath.Join(t.TempDir(), "children")
	script := file(t, "run.sh", "sleep 60 & echo $! >> "+children+"; wait\n")
	f := functions(t, "greet=exec:sh "+script, func(c *Config) { c.AttemptTime = time.Second })
	_, done, err := invoke(t, f, `{}`)
	wantCallError(t, err, "Socket timeout while invoking Lambda function")
	if done.Attempts != 3 {
		t.Errorf("%d attempts", done.Attempts)
	}
	text, err := os.ReadFile(children)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		id := pid(t, `{"pid":`+strings.TrimSpace(line)+`}`)
		// The signal is on its way when the call returns.
		for end := time.Now().Add(10 * time.Second); gone(id) == nil && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		if gone(id) == nil {
			t.Errorf("process %s lives", strings.TrimSpace(line))
		}
	}
}

func TestS163RootRunsNothingAsRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	for drop, want := range map[bool]string{true: `{"uid":65534}`, false: `{"uid":0}`} {
		f := functions(t, `greet=exec:sh -c 'printf "{\"uid\":%s}" "$(id -u)"'`, func(c *Config) { c.DropRoot = drop })
		if answer, _, err := invoke(t, f, `{}`); err != nil || answer != want {
			t.Errorf("%t: %s, %v", drop, answer, err)
		}
	}
}

func TestS163MemoryIsBounded(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can bound the memory of another process")
	}
	need(t, "python3")
	hungry := file(t, "hungry.py", "import time, json\ntime.sleep(0.2)\ntry:\n    b = bytearray(1500 << 20)\n    print(json.dumps({'got': len(b)}))\nexcept MemoryError:\n    print(json.dumps({'refused': True}))\n")
	f := functions(t, "greet=exec:python3 "+hungry, nil)
	if answer, _, err := invoke(t, f, `{}`); err != nil || strings.TrimSpace(answer) != `{"refused": true}` {
		t.Errorf("%s, %v", answer, err)
	}
}

// gone is nil while a process runs. What was killed may be waiting for its
// parent, which in a container may be nobody.
func gone(pid int) error {
	if err := syscall.Kill(pid, 0); err != nil {
		return err
	}
	stat, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "stat"))
	if err != nil {
		return err
	}
	if fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])); fields[0] == "Z" {
		return syscall.ESRCH
	}
	return nil
}

func itoa(n int) string {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

// TestNodeHandlers runs ordinary handler files of every form.
func TestNodeHandlers(t *testing.T) {
	t.Parallel()
	need(t, "node")
	for _, c := range []struct {
		name, file, text string
		check            func(*testing.T, error)
	}{
		{"async", "h.js", `exports.handler = async (event) => { event.response.ok = true; return event; };`, nil},
		{"callback", "h.js", `exports.handler = (event, context, callback) => { setTimeout(() => { event.response.ok = true; callback(null, event); }, 5); };`, nil},
		{"context.done", "h.js", `exports.handler = function (event, context) { event.response.ok = true; context.done(null, event); };`, nil},
		{"promise", "h.js", `exports.handler = (event) => Promise.resolve().then(() => { event.response.ok = true; return event; });`, nil},
		{"module", "h.mjs", `export const handler = async (event) => ({ ...event, response: { ok: true } });`, nil},
		{"other name", "h.js#other", `exports.other = async (event) => { event.response.ok = true; return event; };`, nil},
		{"prints", "h.js", `exports.handler = async (event) => { console.log('{"answer":{}}'); console.error("hm"); process.stdout.write("x"); event.response.ok = true; return event; };`, nil},
		{"throws", "h.js", `exports.handler = async () => { throw new Error("not today"); };`, failedWith("not today")},
		{"throws at once", "h.js", `exports.handler = (e, c, cb) => { throw new Error("not today"); };`, failedWith("not today")},
		{"callback error", "h.js", `exports.handler = (e, c, callback) => callback(new Error("not today"));`, failedWith("not today")},
		{"callback text", "h.js", `exports.handler = (e, c, callback) => callback("not today");`, failedWith("not today")},
		{"context.fail", "h.js", `exports.handler = (e, context) => context.fail("not today");`, failedWith("not today")},
		{"throws later", "h.js", `exports.handler = (e, c, cb) => { setTimeout(() => { throw new Error("not today"); }, 1); };`, failedWith("not today")},
		{"nothing", "h.js", `exports.handler = async () => {};`, unusable},
		{"no promise", "h.js", `exports.handler = (event) => event;`, unusable},
		{"syntax", "h.js", `exports.handler = (`, func(t *testing.T, err error) {
			if err == nil || !strings.Contains(err.Error(), "Unexpected") {
				t.Errorf("got %v", err)
			}
		}},
		{"exits", "h.js", `exports.handler = async () => { console.error("the end"); process.exit(3); };`, failedWith("the end")},
		{"20 MB", "h.js", `exports.handler = async () => ({ a: "x".repeat(20 << 20) });`, unusable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name, function, _ := strings.Cut(c.file, "#")
			target := "greet=node:" + file(t, name, c.text)
			if function != "" {
				target += "#" + function
			}
			f := functions(t, target, nil)
			answer, _, err := invoke(t, f, `{"n":1,"response":{}}`)
			if c.check != nil {
				c.check(t, err)
			} else if err != nil || answer != `{"n":1,"response":{"ok":true}}` {
				t.Errorf("%s, %v", answer, err)
			}
		})
	}
}

func TestPythonHandlers(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	for _, c := range []struct {
		name, text string
		check      func(*testing.T, error)
	}{
		{"answer", "def lambda_handler(event, context):\n    print('hello')\n    event['response']['ok'] = context.aws_request_id == 'r1'\n    return event\n", nil},
		{"raises", "def lambda_handler(event, context):\n    raise Exception('not today')\n", failedWith("not today")},
		{"nothing", "def lambda_handler(event, context):\n    pass\n", unusable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := functions(t, "greet=python:"+file(t, "h.py", c.text), nil)
			answer, _, err := invoke(t, f, `{"n": 1, "response": {}}`)
			if c.check != nil {
				c.check(t, err)
			} else if err != nil || answer != `{"n": 1, "response": {"ok": true}}` {
				t.Errorf("%s, %v", answer, err)
			}
		})
	}
}

const tellPID = `exports.handler = async () => ({ pid: process.pid });`

func TestProcessesStayWarmUntilTheFileChanges(t *testing.T) {
	t.Parallel()
	need(t, "node")
	path := file(t, "h.js", tellPID)
	f := functions(t, "greet=node:"+path, nil)
	var pids []int
	for range 2 {
		answer, _, err := invoke(t, f, `{}`)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid(t, answer))
	}
	if pids[0] != pids[1] {
		t.Error("the second event started a process")
	}
	if err := os.WriteFile(path, []byte(`exports.handler = async () => ({ changed: true });`), 0o600); err != nil {
		t.Fatal(err)
	}
	if answer, _, err := invoke(t, f, `{}`); err != nil || answer != `{"changed":true}` {
		t.Errorf("after the change: %s, %v", answer, err)
	}
}

func TestIdleProcessesEnd(t *testing.T) {
	t.Parallel()
	need(t, "node")
	f := functions(t, "greet=node:"+file(t, "h.js", tellPID), func(o *Config) { o.IdleTime = time.Millisecond })
	target := f.exact["greet"].(*shimTarget)
	w, err := target.take(t.Context(), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	target.park(w)
	<-w.gone
	if _, _, err := invoke(t, f, `{}`); err != nil {
		t.Error(err)
	}
}

func TestEventsAtOnceGetProcessesOfTheirOwn(t *testing.T) {
	t.Parallel()
	need(t, "node")
	f := functions(t, "greet=node:"+file(t, "h.js", tellPID), nil)
	var all sync.WaitGroup
	for range parallel + 4 {
		all.Go(func() {
			if _, _, err := invoke(t, f, `{}`); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(f.exact["greet"].(*shimTarget).parked); n < 1 || n > parallel {
		t.Errorf("%d processes wait", n)
	}
}

func TestAHandlerThatHangsIsKilled(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	f := functions(t, "greet=python:"+file(t, "h.py", "import time\ndef lambda_handler(event, context):\n    time.sleep(60)\n"),
		func(o *Config) { o.AttemptTime = 200 * time.Millisecond })
	_, done, err := invoke(t, f, `{}`)
	wantCallError(t, err, "Socket timeout while invoking Lambda function")
	if done.Attempts != 3 {
		t.Errorf("%d attempts", done.Attempts)
	}
}

func TestWhatHandlersPrintIsLogged(t *testing.T) {
	t.Parallel()
	need(t, "node")
	var log testlog.Log
	f := functions(t, "greet=node:"+file(t, "h.js", `exports.handler = async () => { console.log("hello there"); return {}; };`),
		func(o *Config) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	if _, _, err := invoke(t, f, `{}`); err != nil {
		t.Fatal(err)
	}
	target := f.exact["greet"].(*shimTarget)
	w := target.parked[0]
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	<-w.gone
	if !strings.Contains(log.String(), "hello there") {
		t.Errorf("log: %s", log.String())
	}
}
