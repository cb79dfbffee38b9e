// Package messages turns "tell this user this code" into an e-mail or a text
// message that arrives.
//
// It owns the templates and their default texts, the masking of destinations,
// the outbox worker and the inbox of dev mode. It does not decide who gets
// which code (package codes and the operations do), and how bytes leave the
// process is the business of outbound/mail and outbound/sms.
//
// The life of a message:
//
//  1. An operation asks Available before its transaction: a server without a
//     transport for the medium answers CodeDeliveryFailureException.
//  2. Render fills the pool's template in; it is a pure function.
//  3. Enqueue writes the sealed message into the outbox within the transaction
//     of the operation: the user and his message are there together or not at
//     all.
//  4. The commit wakes the Worker, which leases the message, hands it to the
//     transport of its medium and removes it, or puts it back for later.
//     After a day, or a refusal that is final, it is dropped with a line in
//     the log.
//
// A message that is delivered just before its node dies is delivered again by
// another one; its ID is the same both times.
package messages
