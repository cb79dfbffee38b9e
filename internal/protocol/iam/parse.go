package iam

// Parse compiles a document. A document that is no policy for the use gives a
// *SyntaxError.
func Parse(_ []byte, _ Use) (*Policy, error) {
	return nil, &SyntaxError{Message: "Syntax errors in policy."}
}
