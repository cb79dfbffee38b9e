# AWS credentials of a user (CLI)
eval "$(cognate env --public-url {{.Endpoint}} --region {{.Region}})"
token=$(aws cognito-idp initiate-auth --client-id {{.ClientID}} --auth-flow USER_PASSWORD_AUTH \
  --auth-parameters USERNAME={{.Username}},PASSWORD={{.Password}} --query AuthenticationResult.IdToken --output text)
login=cognito-idp.{{.Region}}.amazonaws.com/{{.UserPoolID}}=$token
identity=$(aws cognito-identity get-id --identity-pool-id {{.IdentityPoolID}} --logins "$login" --query IdentityId --output text)
set -- $(aws cognito-identity get-credentials-for-identity --identity-id "$identity" --logins "$login" \
  --query 'Credentials.[AccessKeyId,SecretKey,SessionToken]' --output text)
AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=$3 aws sts get-caller-identity
