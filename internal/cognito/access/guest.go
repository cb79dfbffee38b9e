package access

import "slices"

// optIn are the Regions of AWS that accounts have to ask for.
var optIn = []string{
	"af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6",
	"ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
}

// GuestPolicies are the session policies that scope down the sessions of guests of a
// pool in a Region: a document, and the ARN of a managed one (spec/identity-pools.md
// B5). They are for sessions that somebody else gives. Those of Assume have the
// policies of most Regions, which differ in nothing that this installation can do.
func GuestPolicies(region string) (document, arn string) {
	if slices.Contains(optIn, region) {
		return optInGuestPolicy, guestPolicyARN
	}
	return guestPolicy, guestPolicyARN
}
