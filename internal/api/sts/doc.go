// Package sts is the contract of the Security Token Service: the shapes,
// constraints and exceptions of its operations, and the Service interface. It is
// generated from ../model/sts.json as package api is from its own model, has no
// behaviour, and shares the kinds of package api: Error, Shape, Time and
// RequestInfo. Its protocol is the query protocol, not JSON.
package sts

//go:generate go run ../gen -model ../model/sts.json -out . -package sts -kinds cognate/internal/api
