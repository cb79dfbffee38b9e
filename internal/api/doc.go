// Package api is the contract: the shapes, enumerations, constraints and
// exceptions of the user pools API (cognito-idp), and the Service interface
// with one method per operation. It is generated from model/cognito-idp.json
// and has no behaviour; the few hand-written files hold the kinds that the
// generated ones are made of: Error, Shape, Time and RequestInfo.
//
// A member of a generated structure is a pointer exactly when its zero value
// is a legal value that differs from absence: an optional string without a
// minimum length, an optional number, an optional wrapped boolean. Lists and
// maps are absent when nil and empty when not.
package api

//go:generate go run ./gen -model model/cognito-idp.json -out . -package api -dispatch ../web/awsapi/operations_gen.go
