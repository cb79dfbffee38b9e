# AWS CLI
eval "$(cognate env --public-url {{.Endpoint}})"
aws cognito-idp list-users --user-pool-id {{.UserPoolID}}
aws cognito-idp initiate-auth --client-id {{.ClientID}} --auth-flow USER_PASSWORD_AUTH \
  --auth-parameters USERNAME={{.Username}},PASSWORD={{.Password}}
