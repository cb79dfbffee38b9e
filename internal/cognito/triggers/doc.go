// Package triggers calls the functions that a pool has for moments in the life of
// a user: it makes the events, checks the answers, and says what they ask for
// (triggers.md §1 to §5).
//
// There is one method for each trigger. A trigger without a function does
// nothing. What an answer asks for is returned; putting it into effect is the
// callers' part. Answers are read strictly: a member of the wrong type makes the
// whole answer unusable, an unknown one is ignored. Errors are the service's
// own (errors.md §16).
//
// Where a function runs and how it is called is package hook's part. Nothing
// here may be used inside a transaction.
package triggers
