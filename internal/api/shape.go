package api

// Kind is the type of a shape in the service model.
type Kind uint8

// The kinds of the AWS JSON and query protocols that the models use.
const (
	KindString Kind = iota + 1
	KindBoolean
	KindInteger
	KindLong
	KindDouble
	KindTimestamp
	KindBlob
	KindList
	KindMap
	KindStructure
	KindDocument // free-form JSON
)

// Shape is one row of the constraints table: what the model says about a
// value. Rows are shared and never changed.
type Shape struct {
	Name      string
	Kind      Kind
	Sensitive bool     // never logged, echoed or printed in messages
	HasMin    bool     // Min counts
	HasMax    bool     // Max counts
	Min, Max  int64    // characters of a string, value of a number, entries of a list or map, bytes of a blob
	Pattern   string   // the model's own text: a Java expression that matches the whole value
	Enum      []string // permitted values, in the model's order
	Key       *Shape   // of a map
	Elem      *Shape   // element of a list, value of a map
	Members   []Member // of a structure, in the model's order
}

// Member is one member of a structure.
type Member struct {
	Name     string // on the wire
	Field    int    // index of the field in the generated Go structure
	Shape    *Shape
	Required bool
}

// Access says by what authority an operation is called.
type Access uint8

// An operation is signed with AWS Signature Version 4, or public: its
// authority is a token, session or secret inside the request.
const (
	Signed Access = iota + 1
	Public
)

// Operation describes one operation of a service.
type Operation struct {
	Name   string
	Access Access
	Input  *Shape
	Output *Shape   // nil: the answer's body has no bytes
	Errors []string // wire names of the exceptions in its model
}
