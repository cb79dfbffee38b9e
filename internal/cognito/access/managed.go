package access

import (
	"fmt"
	"strings"

	"cognate/internal/protocol/iam"
)

// guestPolicyARN and guestActions are what the sessions of guests are scoped down to
// (spec/identity-pools.md B5).
const guestPolicyARN = "arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy"

const guestActions = `cloudwatch:* logs:* dynamodb:* kinesis:* mobileanalytics:* s3:* ses:* sns:* sqs:*
	lambda:* machinelearning:* execute-api:* iot:* gamelift:* cognito-identity:* cognito-idp:* lex:* polly:*
	comprehend:* translate:* transcribe:* rekognition:* mobiletargeting:* firehose:* appsync:* personalize:*
	sagemaker:InvokeEndpoint`

var (
	guestPolicy = allowing(guestActions + ` cognito-sync:* codewhisperer:* textract:DetectDocumentText textract:AnalyzeDocument sdb:*`)
	// optInGuestPolicy is the one of Regions that accounts have to ask for.
	optInGuestPolicy = allowing(guestActions)
)

// everythingARN names the policy that allows everything.
const everythingARN = "arn:aws:iam::aws:policy/AdministratorAccess"

// builtIn are the managed policies that exist without anybody having made them, as
// far as they speak of what is here.
var builtIn = map[string]string{
	everythingARN: allowing("*"),
	"arn:aws:iam::aws:policy/AmazonCognitoPowerUser": allowing("cognito-identity:* cognito-idp:* cognito-sync:*"),
	"arn:aws:iam::aws:policy/AmazonCognitoReadOnly": allowing(`cognito-identity:Describe* cognito-identity:Get* cognito-identity:List*
		cognito-idp:Describe* cognito-idp:AdminGet* cognito-idp:AdminList* cognito-idp:List* cognito-idp:Get*
		cognito-sync:Describe* cognito-sync:Get* cognito-sync:List*`),
	"arn:aws:iam::aws:policy/AmazonCognitoDeveloperAuthenticatedIdentities": allowing(`cognito-identity:GetOpenIdTokenForDeveloperIdentity
		cognito-identity:LookupDeveloperIdentity cognito-identity:MergeDeveloperIdentities cognito-identity:UnlinkDeveloperIdentity`),
	guestPolicyARN: allowing(`rum:PutRumEvents polly:* comprehend:* translate:* transcribe:* rekognition:* mobiletargeting:*
		firehose:* personalize:* sagemaker:InvokeEndpoint geo:GetMap* geo:SearchPlaceIndex* geo:GetPlace geo:CalculateRoute*
		geo:*Geofence geo:*Geofences geo:*DevicePosition* kms:Encrypt kms:Decrypt kms:ReEncryptTo kms:ReEncryptFrom
		kms:GenerateDataKey kms:GenerateDataKeyPair kms:GenerateDataKeyPairWithoutPlaintext kms:GenerateDataKeyWithoutPlaintext`),
}

// allowing is a policy that allows actions on everything.
func allowing(actions string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` +
		strings.Join(strings.Fields(actions), `","`) + `"],"Resource":"*"}]}`
}

func (a *Access) compileManaged() error {
	a.managed = make(map[string]*iam.Policy, len(builtIn))
	for arn, text := range builtIn {
		policy, err := iam.Parse([]byte(text), iam.Identity)
		if err != nil {
			return fmt.Errorf("compile %s: %w", arn, err)
		}
		a.managed[arn] = policy
	}
	guest, err := iam.Parse([]byte(guestPolicy), iam.Session)
	if err != nil {
		return fmt.Errorf("compile the session policy of guests: %w", err)
	}
	a.guest = []*iam.Policy{guest, a.managed[guestPolicyARN]}
	return nil
}
