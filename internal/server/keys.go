package server

import (
	"context"
	"fmt"

	"cognate/internal/protocol/sigv4"
	"cognate/internal/web/awsapi"
)

// accessKeys finds the keys that requests are signed with: the root key for
// now. Keys with policies join it here.
type accessKeys struct {
	root      rootKey
	accountID string
}

// AccessKey implements awsapi.Keys.
func (k accessKeys) AccessKey(_ context.Context, id string) (awsapi.Key, bool, error) {
	if id == "" || id != k.root.id {
		return awsapi.Key{}, false, nil
	}
	return awsapi.Key{
		Key:    sigv4.Key{Secret: k.root.secret},
		Caller: awsapi.Caller{ARN: fmt.Sprintf("arn:aws:iam::%s:root", k.accountID), Root: true},
	}, true, nil
}
