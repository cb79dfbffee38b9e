// Package sms hands text messages to an HTTP webhook, which an operator puts in
// front of whatever really sends them.
//
// It owns the request, its signature and its limits; templates, retries and the
// queue are in internal/cognito/messages.
//
// # The webhook
//
// Each attempt is one POST with the JSON object
//
//	{"id": "0195…", "poolId": "us-east-1_abc", "to": "+15550100", "message": "Your …", "senderId": "Shop"}
//
// where senderId is absent when the pool sets none. The id is the same in every
// attempt for one message: a receiver that has seen it answers 200 and sends
// nothing. Any 2xx answer means that the message is taken. 400, 413 and 422
// mean that this message will never be; everything else, redirects included, is
// tried again later.
//
// When the address has a parameter secret, it is taken out of the address and
// the request carries
//
//	X-Cognate-Signature: t=1771234567,v1=9f86…
//
// where t is the time of the attempt in seconds since 1970 and v1 the
// hexadecimal HMAC-SHA256, keyed with the secret, of t, a full stop and the body
// as received. A receiver recomputes v1, compares it in constant time and
// refuses a t more than five minutes off.
package sms
