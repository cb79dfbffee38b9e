package logsinks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	fhtypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// requestTime bounds one request to a service.
	requestTime = 15 * time.Second
	// defaultRegion is where buckets are asked for, whose ARNs name no Region; S3
	// says where they are.
	defaultRegion = "us-east-1"

	// Bounds of PutLogEvents: bytes of a batch, what each entry costs besides its
	// text, and the longest one.
	putLogBytes   = 1 << 20
	putLogPerLine = 26
	longestLine   = 256<<10 - putLogPerLine
	// Bounds of PutRecordBatch.
	putRecords     = 500
	putRecordBytes = 4 << 20
	// resends is how often records that Firehose throttles are sent again at once.
	resends = 3
)

// service gives the sink of a resource of AWS, or of what speaks its protocol at
// another address.
func (t *Targets) service(endpoint string, r resource, stream string) Sink {
	config := aws.Config{Region: r.region, Credentials: t.Credentials, HTTPClient: &http.Client{Timeout: requestTime}}
	if endpoint != "" {
		config.BaseEndpoint = &endpoint
	}
	switch r.service {
	case "logs":
		return &logGroup{client: cloudwatchlogs.NewFromConfig(config), group: r.name, stream: stream}
	case "firehose":
		return &deliveryStream{client: firehose.NewFromConfig(config), name: r.name}
	}
	config.Region = defaultRegion
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = endpoint != "" })
	return &bucket{client: client, name: r.name, stream: stream, now: t.Now, newID: t.NewID}
}

// logGroup writes to a stream of a group of CloudWatch Logs.
type logGroup struct {
	client        *cloudwatchlogs.Client
	group, stream string
	made          bool // the stream is there
}

// Write implements Sink.
func (g *logGroup) Write(ctx context.Context, entries []Entry) error {
	if err := g.make(ctx); err != nil {
		return err
	}
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int { return a.At.Compare(b.At) }) // as the service demands
	for len(entries) > 0 {
		var events []cwtypes.InputLogEvent
		size := 0
		for _, e := range entries {
			line := e.Text[:min(len(e.Text), longestLine)]
			if size += len(line) + putLogPerLine; size > putLogBytes {
				break
			}
			events = append(events, cwtypes.InputLogEvent{Timestamp: aws.Int64(e.At.UnixMilli()), Message: aws.String(string(line))})
		}
		_, err := g.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &g.group, LogStreamName: &g.stream, LogEvents: events})
		if err != nil {
			g.made = false // it may have been deleted
			return fmt.Errorf("put log events: %w", err)
		}
		entries = entries[len(events):]
	}
	return nil
}

// ownGroups is how the names of groups begin that the service makes by itself, for
// import jobs. Those that pools are told to log into have to be there.
const ownGroups = "/aws/cognito/userpools/"

func (g *logGroup) make(ctx context.Context) error {
	if g.made {
		return nil
	}
	err := g.makeStream(ctx)
	if _, missing := errors.AsType[*cwtypes.ResourceNotFoundException](err); missing && strings.HasPrefix(g.group, ownGroups) {
		_, err = g.client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &g.group})
		if err != nil && !exists(err) { // another node was quicker
			return fmt.Errorf("create log group: %w", err)
		}
		err = g.makeStream(ctx)
	}
	if err != nil {
		return fmt.Errorf("create log stream: %w", err)
	}
	g.made = true
	return nil
}

func (g *logGroup) makeStream(ctx context.Context) error {
	_, err := g.client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &g.group, LogStreamName: &g.stream})
	if exists(err) {
		return nil
	}
	return err //nolint:wrapcheck // make says what was tried
}

func exists(err error) bool {
	_, ok := errors.AsType[*cwtypes.ResourceAlreadyExistsException](err)
	return ok
}

// deliveryStream writes to a stream of Firehose, one line a record.
type deliveryStream struct {
	client *firehose.Client
	name   string
}

// Write implements Sink.
func (s *deliveryStream) Write(ctx context.Context, entries []Entry) error {
	for len(entries) > 0 {
		var records []fhtypes.Record
		size := 0
		for _, e := range entries[:min(len(entries), putRecords)] {
			if size += len(e.Text) + 1; size > putRecordBytes && len(records) > 0 {
				break
			}
			records = append(records, fhtypes.Record{Data: append(bytes.Clone(e.Text), '\n')})
		}
		entries = entries[len(records):]
		if err := s.put(ctx, records); err != nil {
			return err
		}
	}
	return nil
}

// put sends records, and again those that were not taken.
func (s *deliveryStream) put(ctx context.Context, records []fhtypes.Record) error {
	for range resends {
		out, err := s.client.PutRecordBatch(ctx, &firehose.PutRecordBatchInput{DeliveryStreamName: &s.name, Records: records})
		if err != nil {
			return fmt.Errorf("put records: %w", err)
		}
		if aws.ToInt32(out.FailedPutCount) == 0 {
			return nil
		}
		var left []fhtypes.Record
		for i, r := range out.RequestResponses {
			if r.ErrorCode != nil && i < len(records) {
				left = append(left, records[i])
			}
		}
		records = left
	}
	return fmt.Errorf("put records: %d were not taken", len(records))
}

// bucket writes each batch as an object of S3.
type bucket struct {
	client       *s3.Client
	name, stream string
	now          func() time.Time
	newID        func() string
}

// Write implements Sink. Objects are named {pool}/{year}/{month}/{day}/{time}-{id}.json.
func (b *bucket) Write(ctx context.Context, entries []Entry) error {
	now := b.now().UTC()
	key := b.stream + now.Format("/2006/01/02/20060102T150405Z-") + b.newID() + ".json"
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: bytes.NewReader(lines(entries)), ContentType: aws.String("application/x-ndjson"),
	})
	if err != nil {
		return fmt.Errorf("put object: %w", err)
	}
	return nil
}
