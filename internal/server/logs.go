package server

import (
	"context"
	"os"
	"strings"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/imports"
	"cognate/internal/cognito/logs"
	"cognate/internal/outbound/logsinks"
)

// logTargets are where the logs of user pools can go. ARNs that the settings do not
// speak of get a file each in the data directory, and where there is none standard
// output: a log that an application asks for is never thrown away.
func (s *Server) logTargets() (*logsinks.Targets, error) {
	rest := "*=file:" + s.cfg.DataDir + "/logs/"
	if s.cfg.Memory {
		rest = "*=stdout"
	}
	targets, err := logsinks.Parse(append([]string{rest}, s.cfg.LogTargets...))
	if err != nil {
		return nil, err
	}
	targets.Stdout, targets.Credentials, targets.Now, targets.NewID = os.Stdout, &s.aws, s.cfg.Now, uuid.NewString
	return targets, nil
}

func (s *Server) openLogs(d *directory.Directory) *logs.Logs {
	wanted := func(ctx context.Context, poolID string) ([]api.LogConfigurationType, error) {
		pool, err := d.Pool(ctx, poolID)
		if err != nil {
			return nil, err
		}
		return pool.Settings.Logs, nil
	}
	return logs.New(logs.Config{Wanted: wanted, Now: s.cfg.Now, Log: s.cfg.Log, Open: s.targets.Open})
}

// importLog writes the lines of import jobs where the log groups of pools go.
type importLog struct {
	targets   *logsinks.Targets
	accountID string
}

// Append implements imports.Log.
func (l importLog) Append(ctx context.Context, s imports.Stream, lines []imports.Line) error {
	region, _, _ := strings.Cut(s.PoolID, "_")
	sink, err := l.targets.Open(logsinks.Destination{ARN: "arn:aws:logs:" + region + ":" + l.accountID + ":log-group:" + s.Group, Stream: s.Name})
	if err != nil {
		return err
	}
	entries := make([]logsinks.Entry, len(lines))
	for i, line := range lines {
		entries[i] = logsinks.Entry{At: line.At, Text: []byte(line.Text)}
	}
	return sink.Write(ctx, entries)
}
