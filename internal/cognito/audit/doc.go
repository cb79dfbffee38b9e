// Package audit writes down acts that somebody may have to answer for: what
// administrators change about the ways into an account, and signs of copied
// authenticators. For now a record is a line of the log with the message "audit".
// It names users by their sub, and holds no secrets.
package audit
