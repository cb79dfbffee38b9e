# Python | pip install boto3
import boto3
from botocore import UNSIGNED
from botocore.config import Config

cognito = boto3.client(
    "cognito-idp",
    endpoint_url="{{.Endpoint}}",
    region_name="{{.Region}}",
    config=Config(signature_version=UNSIGNED),
)
answer = cognito.initiate_auth(
    AuthFlow="USER_PASSWORD_AUTH",
    ClientId="{{.ClientID}}",
    AuthParameters={"USERNAME": "{{.Username}}", "PASSWORD": "{{.Password}}"},
)
print(answer["AuthenticationResult"]["AccessToken"])
