// Package feedback serves the page that the links of notices about sign-ins lead
// to: GET shows a question with one button, and the button's POST says whether the
// sign-in was the user. Programs that open every link of a mail change nothing
// (security.md S076). The page works without scripts and cookies; whoever has the
// link may speak.
//
// What a token is good for, and what feedback changes, belongs to packages threats
// and risk.
package feedback
