// Package logsinks is where the logs of user pools go: CloudWatch Logs, S3 and
// Firehose by way of the AWS SDK, or a file or standard output in the same lines.
//
// Which of them a log group, bucket or delivery stream means is the operator's
// choice (Targets): an application that names its log group by ARN needs no AWS.
// What the lines say, when they are sent and what happens to those that nobody
// takes belongs to the caller (package cognito/logs).
package logsinks
