// Package terms holds the operations on the documents that people agree to when
// they sign up (newest-features.md §8): CreateTerms, DescribeTerms,
// DescribeTermsByClient, ListTerms, UpdateTerms and DeleteTerms.
//
// A document is a name and a link for each language. Nothing is recorded when
// somebody signs up, and nothing is enforced; where the links are shown is decided
// in package style.
package terms
