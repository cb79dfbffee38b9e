// Package importfiles keeps the files of import jobs (spec/users-and-pools.md §19):
// the signed addresses that take them, the sealed pieces in which they lie in the
// database, and reading them back. What is in a file is the business of package
// imports, and HTTP that of web/uploads.
package importfiles
