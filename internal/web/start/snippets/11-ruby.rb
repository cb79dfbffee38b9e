# Ruby | gem install aws-sdk-cognitoidentityprovider
require "aws-sdk-cognitoidentityprovider"

cognito = Aws::CognitoIdentityProvider::Client.new(
  endpoint: "{{.Endpoint}}", region: "{{.Region}}", access_key_id: "dev", secret_access_key: "dev",
)
answer = cognito.initiate_auth(
  auth_flow: "USER_PASSWORD_AUTH",
  client_id: "{{.ClientID}}",
  auth_parameters: { "USERNAME" => "{{.Username}}", "PASSWORD" => "{{.Password}}" },
)
puts answer.authentication_result.access_token
