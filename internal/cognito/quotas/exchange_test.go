package quotas

import (
	"testing"

	"cognate/internal/api"
	"cognate/internal/store/storetest"
)

// Two nodes over one database let through together what one would, but for what
// each takes between two exchanges.
func TestNodesShareARate(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, (&clock{}).now)
	first, c := newQuotas(AWS)
	second := &Quotas{Preset: first.Preset, Now: c.now}
	a, b := &Nodes{Quotas: first, DB: db, Node: "a"}, &Nodes{Quotas: second, DB: db, Node: "b"}
	exchange := func() {
		t.Helper()
		for _, n := range []*Nodes{a, b, a, b} { // the order does not matter
			if err := n.Exchange(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := Request{Category: UserCreation, Operation: "SignUp", PoolID: "eu-west-1_a"}
	if n := passing(t, first, r, 40); n != 40 {
		t.Fatalf("%d of 40 passed at the first node", n)
	}
	exchange()
	if n := passing(t, second, r, 1000); n != 10 {
		t.Errorf("%d passed at the second node after 40 at the first, want 10", n)
	}
	exchange()
	if n := passing(t, first, r, 1000); n != 0 {
		t.Errorf("%d passed at the first node beyond the 50 of both", n)
	}

	ops := &Operations{DB: db, Quotas: first}
	_, err := ops.UpdateProvisionedLimit(t.Context(), &api.UpdateProvisionedLimitRequest{
		LimitDefinition:     &api.LimitDefinitionType{LimitClass: api.LimitClassApiCategory, Attributes: map[string]string{"Category": "UserCreation"}},
		RequestedLimitValue: 60,
	})
	if err != nil {
		t.Fatal(err)
	}
	exchange()
	if n := second.rate(UserCreation); n != 60 {
		t.Errorf("the other node has the rate %d, want 60", n)
	}
}
