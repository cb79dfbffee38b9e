# Terraform
provider "aws" {
  region                      = "{{.Region}}"
  access_key                  = "dev"
  secret_key                  = "dev"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true

  endpoints {
    cognitoidp = "{{.Endpoint}}"
  }
}

resource "aws_cognito_user_pool" "example" {
  name = "example"
}
