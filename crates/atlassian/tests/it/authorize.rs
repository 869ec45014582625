use connector_atlassian::{Atlassian, CodeChallenge, Endpoints, pkce};
use connector_domain::{CodeVerifier, Scopes, SystemEntropy};

use crate::{client, http};

#[test]
fn the_address_has_everything_that_atlassian_requires() {
    let atlassian = Atlassian::new(http(), Endpoints::default());
    let scopes: Scopes = "read:jira-work offline_access".parse().unwrap();
    let challenge = CodeChallenge::of(&CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    let url = atlassian.authorize_url("app-1", "https://app.example/cb?x=1", &scopes, "a+b c&d", &challenge);
    assert_eq!(
        url.as_str(),
        "https://auth.atlassian.com/authorize?audience=api.atlassian.com&client_id=app-1\
         &scope=offline_access%20read%3Ajira-work&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1\
         &state=a%2Bb%20c%26d&response_type=code&prompt=consent\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
}

#[test]
fn a_path_of_the_endpoint_stays_in_front() {
    let (_, challenge) = pkce::generate(&SystemEntropy);
    let url = client("http://localhost:9400/x").authorize_url("a", "b", &Scopes::default(), "c", &challenge);
    assert_eq!(url.path(), "/x/auth/authorize");
}
