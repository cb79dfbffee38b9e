package auth

// Reason is why an action did not let a request pass, in the words of the access
// log (load-balancer-auth.md §7.2). The empty one is none.
type Reason string

// The reasons.
const (
	InvalidCookie            Reason = "AuthInvalidCookie"
	InvalidGrant             Reason = "AuthInvalidGrantError"
	InvalidIDToken           Reason = "AuthInvalidIdToken"
	InvalidState             Reason = "AuthInvalidStateParam"
	InvalidTokenResponse     Reason = "AuthInvalidTokenResponse"
	InvalidUserInfoResponse  Reason = "AuthInvalidUserinfoResponse"
	MissingCode              Reason = "AuthMissingCodeParam"
	MissingState             Reason = "AuthMissingStateParam"
	MissingNonce             Reason = "AuthMissingAWSALBAuthNonce"
	InvalidNonce             Reason = "AuthInvalidAWSALBAuthNonce"
	MissingHost              Reason = "AuthMissingHostHeader"
	TokenRequestFailed       Reason = "AuthTokenEpRequestFailed"
	TokenRequestTimeout      Reason = "AuthTokenEpRequestTimeout"
	UnhandledException       Reason = "AuthUnhandledException"
	UserInfoRequestFailed    Reason = "AuthUserinfoEpRequestFailed"
	UserInfoRequestTimeout   Reason = "AuthUserinfoEpRequestTimeout"
	UserInfoResponseTooLarge Reason = "AuthUserinfoResponseSizeExceeded"
)

// StatusAuthenticationError is the status for errors of the provider.
const StatusAuthenticationError = 561

// counter names one of the counters of §7.3.
type counter int

const (
	countsNothing counter = iota
	countsFailure
	countsError
	countsSize
)

// consequence is the status that a reason is answered with and what it counts as.
type consequence struct {
	status  int
	counter counter
}

// consequences is the table of §7.2 with the statuses of §2.3 to §2.6.
var consequences = map[Reason]consequence{
	InvalidCookie:            {401, countsFailure},
	InvalidGrant:             {561, countsFailure},
	InvalidIDToken:           {561, countsFailure},
	InvalidState:             {401, countsFailure},
	InvalidTokenResponse:     {561, countsFailure},
	InvalidUserInfoResponse:  {561, countsFailure},
	MissingCode:              {401, countsFailure},
	MissingState:             {401, countsFailure},
	MissingNonce:             {401, countsFailure},
	InvalidNonce:             {401, countsFailure},
	MissingHost:              {401, countsError},
	TokenRequestFailed:       {561, countsError},
	TokenRequestTimeout:      {500, countsError},
	UnhandledException:       {500, countsError},
	UserInfoRequestFailed:    {561, countsError},
	UserInfoRequestTimeout:   {500, countsError},
	UserInfoResponseTooLarge: {500, countsSize},
}

// failure is an error with its reason.
type failure struct {
	reason Reason
	status int // instead of the reason's, if it is set
	err    error
}

func (f *failure) Error() string { return string(f.reason) + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }
