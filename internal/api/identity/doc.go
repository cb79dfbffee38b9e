// Package identity is the contract of identity pools (cognito-identity): the
// shapes, enumerations, constraints and exceptions of its operations, and the
// Service interface. It is generated from ../model/cognito-identity.json as
// package api is from its own model, has no behaviour, and shares the kinds of
// package api: Error, Shape, Time and RequestInfo.
package identity

//go:generate go run ../gen -model ../model/cognito-identity.json -out . -package identity -kinds cognate/internal/api -dispatch ../../web/awsapi/identity_gen.go -bind identityOperations -contract cognate/internal/api/identity
