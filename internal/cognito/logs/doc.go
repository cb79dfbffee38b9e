// Package logs delivers the logs of user pools: errors in the delivery of messages
// and what users did, to where SetLogDeliveryConfiguration says
// (spec/users-and-pools.md §23).
//
// Whoever has something to tell hands it to a Logs, which never blocks: one
// goroutine takes it on, finds out whether the pool wants it and where, and hands
// batches to the sink of the destination. A batch that is not taken is tried again
// a few times; entries beyond what memory has room for, and batches that are given
// up, are counted. Delivery is best effort, as it is on AWS: a process that is
// killed loses what it had not handed over.
//
// What the sinks are, and which ARN means which, is the business of
// outbound/logsinks.
package logs
