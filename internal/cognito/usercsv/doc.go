// Package usercsv writes users in the form of the files that import jobs read
// (spec/users-and-pools.md §19), for those who move to another user pool without a
// file of cognate export (console-and-dx.md §9).
//
// It decides who can be expressed in such a file: the form has no quotation marks,
// no line breaks, and nothing to say about groups, disabled users or passwords. Who
// cannot is named with the reason, never written half. Reading such files is the
// business of package imports.
package usercsv
