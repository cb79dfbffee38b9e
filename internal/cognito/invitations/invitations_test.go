package invitations

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/store"
)

func TestMediaOfAnInvitation(t *testing.T) {
	t.Parallel()
	const email, sms = api.DeliveryMediumTypeEmail, api.DeliveryMediumTypeSms
	for _, c := range []struct {
		has  []string
		asks []api.DeliveryMediumType
		want []api.DeliveryMediumType
		fail string
	}{
		{has: []string{"email", "phone_number"}, want: []api.DeliveryMediumType{sms}},
		{has: []string{"email"}, want: []api.DeliveryMediumType{email}},
		{has: nil, want: nil},
		{has: []string{"email", "phone_number"}, asks: []api.DeliveryMediumType{email}, want: []api.DeliveryMediumType{email}},
		{has: []string{"email", "phone_number"}, asks: []api.DeliveryMediumType{email, sms}, want: []api.DeliveryMediumType{sms, email}},
		{has: []string{"email"}, asks: []api.DeliveryMediumType{email, sms}, want: []api.DeliveryMediumType{email}},
		{has: []string{"email"}, asks: []api.DeliveryMediumType{sms}, fail: "Cannot specify SMS as delivery medium without providing phone_number"},
		{has: []string{"phone_number"}, asks: []api.DeliveryMediumType{email}, fail: "Cannot specify EMAIL as delivery medium without providing email"},
	} {
		u := &store.User{}
		for _, name := range c.has {
			u.Attributes.Set(name, "x")
		}
		got, err := Media(u, c.asks)
		if c.fail != "" {
			refusal, ok := errors.AsType[*api.Error](err)
			if !ok || refusal.Code != "InvalidParameterException" || refusal.Message != c.fail {
				t.Errorf("%v asks for %v: %v", c.has, c.asks, err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%v asks for %v: %v %s", c.has, c.asks, err, diff)
		}
	}
}
