package sigv4

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	isoBasic   = "20060102T150405Z"

	// maxExpires is the longest X-Amz-Expires that signers may ask for, in seconds.
	maxExpires = 7 * 24 * 60 * 60
)

// Request is what was signed, as it arrived.
type Request struct {
	Method   string
	Path     string // as on the request line, before any decoding
	RawQuery string
	Header   http.Header // canonical names; Host may be absent
	Host     string
	Body     []byte
}

// Options say what a service accepts.
type Options struct {
	Service string // the scope must name it
	Now     time.Time
	Skew    time.Duration // distance between the signature's date and Now that is still accepted
}

// Claim is a signature as the request states it, not yet verified.
type Claim struct {
	AccessKeyID  string
	Region       string
	Date         time.Time
	SessionToken string // X-Amz-Security-Token, empty for long-term keys
	Presigned    bool

	day, service, end string // the rest of the scope
	stamp             string // Date, as signed
	signedHeaders     []string
	signature         string
	req               Request
}

// region is the form of AWS Region names, such as us-east-1, us-gov-west-1
// and us-iso-east-1.
var region = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]{2,9}){1,3}-[1-9][0-9]?$`)

// IsSigned reports whether r carries a signature in either form, good or bad.
func IsSigned(r Request) bool {
	return len(authorizations(r.Header)) > 0 || isPresigned(r.RawQuery)
}

// authorizations gives the values of the header; an empty one is none.
func authorizations(h http.Header) []string {
	values := h["Authorization"]
	if len(values) == 1 && strings.TrimSpace(values[0]) == "" {
		return nil
	}
	return values
}

func isPresigned(rawQuery string) bool {
	return strings.Contains(rawQuery, "X-Amz-Signature=") || strings.Contains(rawQuery, "X-Amz-Algorithm=") ||
		strings.Contains(rawQuery, "X-Amz-Credential=")
}

// Scope reads the access key id and Region that r claims without checking
// anything else, for servers that accept any credentials. Its ok is false when
// there is no credential of the usual form.
func Scope(r Request) (accessKeyID, regionName string, ok bool) {
	var credential string
	if header := r.Header.Get("Authorization"); header != "" {
		_, rest, _ := strings.Cut(header, " ")
		parameters, _ := authorizationParameters(rest)
		credential = parameters["Credential"]
	} else if query, err := url.ParseQuery(r.RawQuery); err == nil {
		credential = query.Get("X-Amz-Credential")
	}
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[0] == "" || !region.MatchString(parts[2]) {
		return "", "", false
	}
	return parts[0], parts[2], true
}

// Parse reads the signature of r and checks everything that does not depend on
// the key. The error is an *Error.
func Parse(r Request, o Options) (*Claim, error) {
	header := authorizations(r.Header)
	presigned := isPresigned(r.RawQuery)
	c := &Claim{req: r, Presigned: presigned}
	var err *Error
	switch {
	case len(header) == 0 && !presigned:
		return nil, &Error{Missing, textMissing}
	case len(header) > 0 && presigned, len(header) > 1:
		return nil, mismatch() // two signatures: it would be open which of them counts
	case presigned:
		err = c.readQuery(o)
	default:
		err = c.readHeader(header[0])
	}
	if err == nil {
		err = c.checkScope(o)
	}
	if err == nil {
		err = c.checkDate(o)
	}
	if err == nil {
		err = c.checkCoverage()
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// readHeader reads the value of an Authorization header and the date and token
// beside it.
func (c *Claim) readHeader(value string) *Error {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	if strings.HasPrefix(scheme, "AWS4-") && scheme != algorithm {
		return &Error{Incomplete, "Unsupported AWS 'algorithm': '" + clip(scheme) + "'."}
	}
	parameters := map[string]string{}
	if scheme == algorithm {
		var ok bool
		if parameters, ok = authorizationParameters(rest); !ok {
			return &Error{Incomplete, "Invalid key=value pair (missing equal-sign) in Authorization header " +
				"(hashed with SHA-256 and encoded with Base64): '" + digest(value) + "'."}
		}
	}
	stamp, date, dated := headerDate(c.req.Header)
	var lacks strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parameters[name] == "" {
			lacks.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	if !dated {
		lacks.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	if lacks.Len() > 0 {
		return &Error{Incomplete, lacks.String() + "(Hashed with SHA-256 and encoded with Base64) Authorization=" + digest(value)}
	}
	if date.IsZero() {
		return badDate(stamp)
	}
	c.Date, c.stamp = date, date.Format(isoBasic)
	c.signature = parameters["Signature"]
	c.signedHeaders = strings.Split(parameters["SignedHeaders"], ";")
	tokens := c.req.Header["X-Amz-Security-Token"]
	if len(tokens) > 1 {
		return mismatch()
	}
	c.SessionToken = c.req.Header.Get("X-Amz-Security-Token")
	return c.readCredential(parameters["Credential"])
}

// authorizationParameters splits "A=b, C=d". It is not ok when a part has no
// equal sign or a name comes twice.
func authorizationParameters(s string) (map[string]string, bool) {
	parameters := make(map[string]string, 3)
	if strings.TrimSpace(s) == "" {
		return parameters, true
	}
	for part := range strings.SplitSeq(s, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := parameters[name]; !ok || twice {
			return nil, false
		}
		parameters[name] = value
	}
	return parameters, true
}

// headerDate gives the date a header signature is made for: X-Amz-Date, else
// Date. A date that is there but cannot be read is zero.
func headerDate(h http.Header) (stamp string, date time.Time, ok bool) {
	values := h["X-Amz-Date"]
	if len(values) == 0 {
		values = h["Date"]
	}
	if len(values) == 0 {
		return "", time.Time{}, false
	}
	stamp = strings.Join(values, ",")
	for _, layout := range []string{isoBasic, http.TimeFormat, time.RFC1123Z} {
		if t, err := time.Parse(layout, stamp); err == nil {
			return stamp, t.UTC(), true
		}
	}
	return stamp, time.Time{}, true
}

func badDate(stamp string) *Error {
	return &Error{Incomplete, "Date must be in ISO-8601 'basic format'. Got '" + clip(stamp) +
		"'. See http://en.wikipedia.org/wiki/ISO_8601"}
}

// readQuery reads the parameters of a presigned request.
func (c *Claim) readQuery(o Options) *Error {
	query, parseErr := url.ParseQuery(c.req.RawQuery)
	if parseErr != nil {
		return mismatch()
	}
	var lacks strings.Builder
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if query.Get(name) == "" {
			lacks.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if lacks.Len() > 0 {
		return &Error{Incomplete, lacks.String() + "Re-examine the query-string parameters."}
	}
	for name, values := range query {
		if strings.HasPrefix(name, "X-Amz-") && len(values) > 1 {
			return mismatch()
		}
	}
	if got := query.Get("X-Amz-Algorithm"); got != algorithm {
		return &Error{Incomplete, "Unsupported AWS 'algorithm': '" + clip(got) + "'."}
	}
	date, dateErr := time.Parse(isoBasic, query.Get("X-Amz-Date"))
	if dateErr != nil {
		return badDate(query.Get("X-Amz-Date"))
	}
	c.Date, c.stamp = date.UTC(), date.UTC().Format(isoBasic)
	c.signature = query.Get("X-Amz-Signature")
	c.signedHeaders = strings.Split(query.Get("X-Amz-SignedHeaders"), ";")
	c.SessionToken = query.Get("X-Amz-Security-Token")
	if tokens := c.req.Header["X-Amz-Security-Token"]; len(tokens) > 0 {
		if c.SessionToken != "" || len(tokens) > 1 {
			return mismatch()
		}
		c.SessionToken = tokens[0]
	}
	if err := c.readCredential(query.Get("X-Amz-Credential")); err != nil {
		return err
	}
	return c.checkExpires(query, o)
}

// checkExpires applies X-Amz-Expires, which can shorten the window and never
// widens it.
func (c *Claim) checkExpires(query url.Values, o Options) *Error {
	if !query.Has("X-Amz-Expires") {
		return nil
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil || seconds < 1 || seconds > maxExpires {
		return &Error{Incomplete, "X-Amz-Expires must be a number of seconds between 1 and " + strconv.Itoa(maxExpires)}
	}
	life := time.Duration(seconds) * time.Second
	if life < o.Skew && o.Now.After(c.Date.Add(life)) {
		return &Error{Invalid, "Signature expired: " + c.stamp + " is now earlier than " +
			o.Now.UTC().Add(-life).Format(isoBasic) + " (" + o.Now.UTC().Format(isoBasic) + " - " + strconv.Itoa(seconds) + " sec.)"}
	}
	return nil
}

func (c *Claim) readCredential(credential string) *Error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 {
		return &Error{Incomplete, "Credential must have exactly 5 slash-delimited elements, " +
			"e.g. keyid/date/region/service/term, got '" + clip(credential) + "'"}
	}
	c.AccessKeyID, c.day, c.Region, c.service, c.end = parts[0], parts[1], parts[2], parts[3], parts[4]
	return nil
}

// checkScope names everything that is wrong with the scope, as the service does.
func (c *Claim) checkScope(o Options) *Error {
	var wrong []string
	if !region.MatchString(c.Region) {
		wrong = append(wrong, "Credential should be scoped to a valid region, not '"+clip(c.Region)+"'.")
	}
	if c.service != o.Service {
		wrong = append(wrong, "Credential should be scoped to correct service: '"+o.Service+"'.")
	}
	if c.end != terminator {
		wrong = append(wrong, "Credential should be scoped with a valid terminator: '"+terminator+"', not '"+clip(c.end)+"'.")
	}
	if day := c.stamp[:8]; c.day != day {
		wrong = append(wrong, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+
			clip(c.day)+"' != '"+day+"', from '"+c.stamp+"'.")
	}
	if wrong == nil {
		return nil
	}
	return &Error{Invalid, strings.Join(wrong, " ")}
}

func (c *Claim) checkDate(o Options) *Error {
	now := o.Now.UTC().Truncate(time.Second)
	minutes := strconv.Itoa(int(o.Skew / time.Minute))
	switch {
	case c.Date.Before(now.Add(-o.Skew)):
		return &Error{Invalid, "Signature expired: " + c.stamp + " is now earlier than " + now.Add(-o.Skew).Format(isoBasic) +
			" (" + now.Format(isoBasic) + " - " + minutes + " min.)"}
	case c.Date.After(now.Add(o.Skew)):
		return &Error{Invalid, "Signature not yet current: " + c.stamp + " is still later than " + now.Add(o.Skew).Format(isoBasic) +
			" (" + now.Format(isoBasic) + " + " + minutes + " min.)"}
	}
	return nil
}

// checkCoverage refuses headers that change what a request means and stand
// outside its signature, and a list of signed headers that is not in canonical
// form.
func (c *Claim) checkCoverage() *Error {
	for i, name := range c.signedHeaders {
		if name == "" || name != strings.ToLower(name) || i > 0 && c.signedHeaders[i-1] >= name {
			return mismatch()
		}
	}
	if !c.signs("host") {
		return &Error{Invalid, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	unsigned := ""
	for name := range c.req.Header {
		lower := strings.ToLower(name)
		needed := strings.HasPrefix(lower, "x-amz-") && !harmlessUnsigned(lower) ||
			lower == "date" && !c.Presigned && len(c.req.Header["X-Amz-Date"]) == 0
		if needed && !c.signs(lower) && (unsigned == "" || name < unsigned) {
			unsigned = name
		}
	}
	if unsigned != "" {
		return &Error{Invalid, "'" + clip(unsigned) + "' must be a 'SignedHeader' in the AWS Authorization."}
	}
	return nil
}

func (c *Claim) signs(name string) bool {
	_, ok := slices.BinarySearch(c.signedHeaders, name)
	return ok
}

// harmlessUnsigned are headers that no answer depends on: x-amz-cf-id is added
// on the way by a content network, x-amz-user-agent only names the client.
// (X-Amzn-Trace-Id, which load balancers add, has another prefix.)
func harmlessUnsigned(name string) bool {
	return name == "x-amz-cf-id" || name == "x-amz-user-agent"
}
