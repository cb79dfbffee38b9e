// Package signin signs users in, refreshes their tokens and signs them out:
// InitiateAuth, RespondToAuthChallenge and their admin forms,
// GetTokensFromRefreshToken, RevokeToken, GlobalSignOut, AdminUserGlobalSignOut
// (auth-flows.md).
//
// A sign-in is a row of steps. Each step asks for one proof (Begin) and checks it
// (Answer); it knows neither what came before nor what comes after.
//
//	InitiateAuth                          RespondToAuthChallenge
//	  flows: gate, parameters               challenges: parameters
//	  who: name, SECRET_HASH                open Session or SECRET_BLOCK
//	  step.Begin ---------------+           who: name, SECRET_HASH
//	     |                      |           step.Answer
//	     | proof came along     | asks         |
//	     v                      v              v
//	  step.Answer            challenge      settle
//	     |                   (nothing          one transaction: spend the string,
//	     +--> settle          written)         then the failed attempt, or
//	                                           the gate and what was proved
//	                                        next step.Begin, or tokens signed
//
// The two tables in flows.go and challenges.go say which step serves which
// request. The gate in gate.go is the list of what stands between a first proof
// and tokens; whatever the door and the flow, settle passes through it, and
// settle is the only place that starts a token family. A further factor is a
// further step, a row in the table of challenges and a row in the gate.
//
// The two pairs of operations, public and admin, differ in who may call them, in
// the flows they take, and in the wire form; a sign-in begun with one pair is not
// continued with the other.
//
// What a password or a token is belongs to packages credentials and tokens, and
// the counting of failures to limits. Nothing is ever skipped that a pool asks
// for: what this version does not have, the gate refuses.
package signin
