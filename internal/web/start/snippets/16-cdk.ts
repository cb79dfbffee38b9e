// CDK | npm install aws-cdk-lib
import * as cognito from "aws-cdk-lib/aws-cognito";

new cognito.UserPoolClient(this, "Web", {
  userPool: cognito.UserPool.fromUserPoolId(this, "Pool", "{{.UserPoolID}}"),
});
// Your functions find this server by AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER={{.Endpoint}}
