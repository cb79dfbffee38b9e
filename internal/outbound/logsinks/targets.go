package logsinks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Entry is one line of a log.
type Entry struct {
	At   time.Time
	Text []byte // without a line break
}

// Sink takes the entries of one destination, in their order. An error means that
// they may be handed over again. It is called by one goroutine at a time.
type Sink interface {
	Write(ctx context.Context, entries []Entry) error
}

// Destination is where entries go: a log group, bucket or delivery stream, and the
// stream in it where it has streams.
type Destination struct{ ARN, Stream string }

// Targets says what ARNs mean.
type Targets struct {
	list        []target
	Stdout      io.Writer
	Credentials aws.CredentialsProvider
	Now         func() time.Time
	NewID       func() string // names objects of buckets apart
}

// target is what the ARNs of a pattern mean.
type target struct {
	pattern string // an ARN, or the beginning of some with * behind it
	kind    kind
	place   string // of files; of the service, where it is not that of AWS
}

type kind string

const (
	kindStdout kind = "stdout"
	kindFile   kind = "file"
	kindAWS    kind = "aws"
)

// Parse reads pairs ARN=TARGET. ARN may end in *, and the longest one that fits
// counts. TARGET is stdout, file:PATH, aws or aws:URL; a path that ends in a slash
// is a directory with a file for each destination.
func Parse(pairs []string) (*Targets, error) {
	t := &Targets{}
	for _, pair := range pairs {
		pattern, what, ok := strings.Cut(pair, "=")
		if !ok || pattern == "" || strings.Contains(strings.TrimSuffix(pattern, "*"), "*") {
			return nil, fmt.Errorf("log target %q: want ARN=TARGET, where * may stand at the end of ARN", pair)
		}
		name, place, _ := strings.Cut(what, ":")
		added := target{pattern, kind(name), place}
		switch {
		case added.kind == kindStdout && place == "", added.kind == kindFile && place != "":
		case added.kind == kindAWS && (place == "" || isURL(place)):
		default:
			return nil, fmt.Errorf("log target %q: want stdout, file:PATH, aws or aws:URL behind the equals sign", pair)
		}
		t.list = append(t.list, added)
	}
	slices.SortStableFunc(t.list, func(a, b target) int { return len(b.pattern) - len(a.pattern) })
	return t, nil
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func (t target) fits(arn string) bool {
	if prefix, ok := strings.CutSuffix(t.pattern, "*"); ok {
		return strings.HasPrefix(arn, prefix)
	}
	return arn == t.pattern
}

// ErrNoTarget says that nothing is known about an ARN.
var ErrNoTarget = errors.New("no log target fits")

// Check reports whether an ARN is one that logs can go to: that of a log group,
// bucket or delivery stream which has a target.
func (t *Targets) Check(arn string) error {
	_, err := t.Open(Destination{ARN: arn})
	return err
}

// Open gives the sink of a destination. It connects to nothing yet.
func (t *Targets) Open(to Destination) (Sink, error) {
	r, err := parseARN(to.ARN)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(t.list, func(x target) bool { return x.fits(to.ARN) })
	if i < 0 {
		return nil, fmt.Errorf("%w %s", ErrNoTarget, to.ARN)
	}
	found := t.list[i]
	switch found.kind {
	case kindStdout:
		return writer{t.Stdout}, nil
	case kindFile:
		return newFile(found.place, r, to.Stream), nil
	default:
		return t.service(found.place, r, to.Stream), nil
	}
}

// resource is what an ARN names.
type resource struct {
	service string // logs, s3 or firehose
	region  string
	name    string
}

var (
	logGroupARN = regexp.MustCompile(`^arn:aws[a-z-]*:(logs):([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:log-group:([A-Za-z0-9._/#-]{1,512})(?::\*)?$`)
	bucketARN   = regexp.MustCompile(`^arn:aws[a-z-]*:(s3):()::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$`)
	streamARN   = regexp.MustCompile(`^arn:aws[a-z-]*:(firehose):([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:deliverystream/([A-Za-z0-9_.-]{1,64})$`)
)

// parseARN reads the ARN of a log group, bucket or delivery stream.
func parseARN(arn string) (resource, error) {
	for _, form := range []*regexp.Regexp{logGroupARN, bucketARN, streamARN} {
		if m := form.FindStringSubmatch(arn); m != nil {
			return resource{m[1], m[2], m[3]}, nil
		}
	}
	return resource{}, fmt.Errorf("%q is no ARN of a log group, bucket or delivery stream", arn)
}
