// Package upstream makes the connections of a gateway to the applications behind
// it. Their addresses are the operator's, of the rules file, so none is refused.
//
// What is sent to an application, and which one, belongs to package gateway.
package upstream
