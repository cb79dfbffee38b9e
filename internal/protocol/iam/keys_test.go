package iam

import "testing"

// identity-pools.md E3: the names of tags are the same in every case, whatever the
// language they are in.
func TestTagKeysAreTheSameInEveryCase(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"Team", "Équipe", "équipe", "ОТДЕЛ"} {
		keys := Keys{}
		keys.Set("aws:PrincipalTag/"+tag, "red")
		for _, asked := range []string{tag, map[string]string{"Team": "tEAM", "Équipe": "équipe", "équipe": "ÉQUIPE", "ОТДЕЛ": "Отдел"}[tag]} {
			deny := mustParse(t, Identity, allowAll, conditioned("Deny", "StringEquals", "aws:PrincipalTag/"+asked, `"red"`))
			variable := mustParse(t, Identity, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:PrincipalTag/`+asked+`}"}`)
			for name, context := range map[string]Context{"keys": keys, "other context": otherContext{keys}, "as given": Keys{"aws:PrincipalTag/" + tag: {"red"}}} {
				if (Policies{Identity: []*Policy{deny}}).Decide(Request{Action: "s3:GetObject", Resource: "*", Context: context}).Allowed {
					t.Errorf("%s: the tag %s is not found as %s", name, tag, asked)
				}
				if !(Policies{Identity: []*Policy{variable}}).Decide(Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::red", Context: context}).Allowed {
					t.Errorf("%s: the variable %s does not stand for the tag %s", name, asked, tag)
				}
			}
		}
	}
}
