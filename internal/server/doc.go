// Package server assembles Cognate from its parts, mounts the doors, and runs
// and stops it. It is the only place that knows all of them: settings come
// in here, clock and randomness start here, and nothing below reads a flag
// or an environment variable.
package server
