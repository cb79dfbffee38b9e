package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/rules"
)

// finish counts a request and writes its line.
func (g *Gateway) finish(e *exchange, r *http.Request) {
	if e.status == 0 {
		e.status = http.StatusOK // net/http answers so for a handler that said nothing
	}
	g.metrics.requests.WithLabelValues(strconv.Itoa(e.status)).Inc()
	if g.cfg.AccessLog == nil {
		return
	}
	if _, err := g.cfg.AccessLog.Write(append(g.line(e, r), '\n')); err != nil {
		g.cfg.Log.Error("access log cannot be written", "error", err)
	}
}

// line is the entry of the access log: the fields of the load balancer's, in its
// order, so that what reads those reads these. What the gateway does not know is a
// hyphen.
func (g *Gateway) line(e *exchange, r *http.Request) []byte {
	ended := g.cfg.Now()
	suite, protocol := version(r.TLS)
	target, targetStatus := "-", "-"
	if e.target != nil {
		target = e.target.address
	}
	if e.targetStatus != 0 {
		targetStatus = strconv.Itoa(e.targetStatus)
	}
	groupARN, serverName, redirected := "-", "-", "-"
	if e.group != nil {
		groupARN = e.group.Name
		if e.group.ARN != "" {
			groupARN = e.group.ARN
		}
	}
	if r.TLS != nil && r.TLS.ServerName != "" {
		serverName = r.TLS.ServerName
	}
	priority := -1
	if e.rule != nil {
		priority = e.rule.Priority
		if n := len(e.rule.steps); n > 0 && e.rule.steps[n-1].redirect != nil && e.location != "" {
			redirected = e.location
		}
	}
	fields := []string{
		e.kind(r), stamp(ended), e.name(), e.client.String(), target,
		seconds(e.began, e.passed), seconds(e.passed, e.answered), seconds(e.answered, ended),
		strconv.Itoa(e.status), targetStatus, strconv.FormatInt(e.received.Load(), 10), strconv.FormatInt(e.sent.Load(), 10),
		quoted(e.requestLine(r)), quoted(r.UserAgent()), suite, protocol, groupARN, `"-"`, quoted(serverName), `"-"`,
		strconv.Itoa(priority), stamp(e.began), quoted(strings.Join(e.done, ",")), quoted(redirected), quoted(string(e.reason)),
		quoted(target), quoted(targetStatus), `"-"`, `"-"`, "-",
	}
	return []byte(strings.Join(fields, " "))
}

func (e *exchange) kind(r *http.Request) string {
	upgraded := e.targetStatus == http.StatusSwitchingProtocols
	switch {
	case r.TLS == nil && upgraded:
		return "ws"
	case r.TLS == nil:
		return "http"
	case upgraded:
		return "wss"
	case r.ProtoMajor == 2:
		return "h2"
	}
	return "https"
}

// name is the part of the gateway's ARN that the log has.
func (e *exchange) name() string {
	if _, name, ok := strings.Cut(e.listener.file.LoadBalancerARN, ":loadbalancer/"); ok {
		return name
	}
	return "-"
}

// requestLine is the request as the log has it. The query of a callback is left
// out: it holds a code and the state of a sign-in.
func (e *exchange) requestLine(r *http.Request) string {
	scheme := "http"
	if e.encrypted() {
		scheme = "https"
	}
	uri := r.URL.RequestURI()
	if path, ok := rules.CleanPath(r.URL.Path); ok && path == auth.CallbackPath {
		uri = r.URL.EscapedPath()
	}
	return fmt.Sprintf("%s %s://%s:%d%s %s", r.Method, scheme, hostName(r.Host), e.listener.Port, uri, r.Proto)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// seconds is the time between two moments, or -1 where one did not come.
func seconds(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return "-1"
	}
	return strconv.FormatFloat(max(0, to.Sub(from).Seconds()), 'f', 3, 64)
}

// quoted is a field in quotation marks. What could end it or the line is written
// in hexadecimal, as the load balancer does.
func quoted(text string) string {
	if text == "" {
		return `"-"`
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02X`, c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
