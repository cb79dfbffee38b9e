package awsapi

import (
	"reflect"

	"cognate/internal/api"
)

// Limited is what a request is counted by before it is served.
type Limited struct {
	Service, Operation string
	PoolID, ClientID   string // as the request names them; they may not exist
	Username           string
	AccessToken        string // not verified
	Challenge          string // that the request answers
	Signed             bool
}

// limited describes a request for Config.Limit.
func (o *operation) limited(in reflect.Value) Limited {
	return Limited{
		Service: o.service.name, Operation: o.spec.Name, Signed: o.spec.Access != api.Public,
		PoolID: stringField(in, o.fields.pool), ClientID: stringField(in, o.fields.client), Username: stringField(in, o.fields.username),
		AccessToken: stringField(in, o.fields.token), Challenge: stringField(in, o.fields.challenge),
	}
}
