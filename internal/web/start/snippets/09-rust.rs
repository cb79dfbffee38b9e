// Rust | cargo add aws-config aws-sdk-cognitoidentityprovider tokio --features tokio/full
use aws_sdk_cognitoidentityprovider::{config::{BehaviorVersion, Region}, types::AuthFlowType, Client, Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url("{{.Endpoint}}")
        .region(Region::new("{{.Region}}"))
        .build();
    let answer = Client::from_conf(config).initiate_auth()
        .auth_flow(AuthFlowType::UserPasswordAuth)
        .client_id("{{.ClientID}}")
        .auth_parameters("USERNAME", "{{.Username}}")
        .auth_parameters("PASSWORD", "{{.Password}}")
        .send().await?;
    println!("{}", answer.authentication_result().unwrap().access_token().unwrap());
    Ok(())
}
