// Package freeport finds ports for servers that tests start by an address: programs
// of others, and commands that open their listener themselves. A test that can open
// the listener asks the kernel for a port (":0") and has no need of it.
package freeport
