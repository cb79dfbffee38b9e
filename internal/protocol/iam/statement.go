package iam

// statement is one compiled statement.
type statement struct {
	name       string // Sid, or position from 1
	deny       bool
	principals principals
}

// outcome says whether a statement applies, or what keeps it from applying.
type outcome uint8

const (
	applied outcome = iota
	otherAction
)

// evaluation is a request on its way through statements.
type evaluation struct{ request Request }

func newEvaluation(r Request) *evaluation { return &evaluation{request: r} }

func (s *statement) applies(*evaluation) outcome { return otherAction }

// principals are those whom a statement of a trust policy is about.
type principals struct{}

func (p *principals) names(Principal) Via { return ViaNobody }
