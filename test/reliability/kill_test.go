package reliability

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/store"
)

// person is what a client knows about a user that it made: the password that
// was acknowledged last, and the one it asked for without an answer.
type person struct{ name, password, asked string }

// A server that is killed under a load of sign-ups and password changes has
// every write that it acknowledged when it comes back (reliability.md P1, R1).
func TestAcknowledgedWritesSurviveKillNine(t *testing.T) {
	t.Parallel()
	const rounds, clients = 10, 8
	dir, endpoint := t.TempDir(), freeEndpoint(t)
	if _, err := store.LoadOrCreateMasterKey(filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	args := []string{"--data", dir, "--public-url", endpoint}
	n := startNode(t, endpoint, args...)
	poolID, clientID := n.makePool(t.Context(), t, &cip.CreateUserPoolClientInput{
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth},
	}, &cip.CreateUserPoolInput{})
	total := 0
	for round := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		people := make([][]*person, clients)
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() { people[c] = load(ctx, n.api, poolID, clientID, fmt.Sprintf("r%d-c%d", round, c)) })
		}
		time.Sleep(time.Duration(50+round*130) * time.Millisecond) // the moment of the fault, not a wait for something
		n.kill()
		cancel()
		wg.Wait()
		n = startNode(t, endpoint, args...)
		for _, made := range people {
			total += len(made)
			for _, p := range made {
				p.check(t, n.api, poolID, clientID)
			}
		}
	}
	if total < rounds*clients {
		t.Errorf("only %d users were made: that was no load", total)
	}
	t.Logf("%d acknowledged users checked", total)
}

// load signs people up and changes passwords until the server is gone.
func load(ctx context.Context, api *cip.Client, poolID, clientID, prefix string) (made []*person) {
	for i := 0; ctx.Err() == nil; i++ {
		p := &person{name: fmt.Sprintf("%s-%d", prefix, i), password: "Correct-Horse1!"}
		_, err := api.SignUp(ctx, &cip.SignUpInput{ClientId: &clientID, Username: &p.name, Password: &p.password})
		if err != nil {
			return made
		}
		made = append(made, p)
		p.asked = fmt.Sprintf("Changed-Horse%d!", i)
		_, err = api.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{
			UserPoolId: &poolID, Username: &p.name, Password: &p.asked, Permanent: true,
		})
		if err != nil {
			return made
		}
		p.password, p.asked = p.asked, ""
	}
	return made
}

// check finds the user again. An unanswered change may have happened or not;
// an answered one has. Who never got an answer to a change is unconfirmed
// unless it happened, so the sign-in tells which.
func (p *person) check(t *testing.T, api *cip.Client, poolID, clientID string) {
	t.Helper()
	var user *cip.AdminGetUserOutput
	err := answered(func() (err error) {
		user, err = api.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &poolID, Username: &p.name})
		return err
	})
	if err != nil {
		t.Errorf("user %s was acknowledged and is lost: %v", p.name, err)
		return
	}
	if p.asked != "" && user.UserStatus == types.UserStatusTypeUnconfirmed {
		return // the change did not happen
	}
	if p.asked != "" {
		p.password = p.asked // it did, and then wholly
	}
	err = answered(func() error {
		_, err := api.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": p.name, "PASSWORD": p.password},
		})
		return err
	})
	if err != nil {
		t.Errorf("user %s cannot sign in with the password %q that was acknowledged: %v", p.name, p.password, err)
	}
}

// answered repeats a call that only asks until the server has answered it: a
// connection that breaks says nothing about what is stored.
func answered(call func() error) (err error) {
	for range 3 {
		var answer smithy.APIError
		if err = call(); err == nil || errors.As(err, &answer) {
			return err
		}
	}
	return err
}
