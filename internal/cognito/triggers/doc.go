// Package triggers knows which functions a pool calls at which moment.
//
// Calling them comes with a later version. Until then an operation that would
// have to call one refuses to run: a function that was configured to check or
// change something is never skipped silently.
package triggers
