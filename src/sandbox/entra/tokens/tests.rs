use super::*;

const ROOT: &str = "http://127.0.0.1:1";
const NOW: Duration = Duration::from_millis(1_000_000_750);

/// A grant in the sandbox's own tenant.
pub(in crate::sandbox::entra) fn grant(client_id: &str, scope: &str) -> Grant {
    Grant::new(client_id, TENANT, Scopes::parse(scope, ROOT).unwrap())
}

fn tokens() -> TokenIssuer {
    TokenIssuer::new(Duration::from_secs(3_600), UNIX_EPOCH)
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The claims of a token, and the length of its signature.
pub(in crate::sandbox::entra) fn claims(token: &str) -> (Value, usize) {
    let parts: Vec<_> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    assert_eq!(parts.len(), 3);
    (serde_json::from_slice(&parts[1]).unwrap(), parts[2].len())
}

#[test]
fn the_fixed_token_has_the_claims_of_an_administrator() {
    let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
    let token = make_fixed(now);
    assert_ne!(token, make_fixed(now));
    let expected = json!({
        "aud": "https://graph.microsoft.com",
        "tid": TENANT,
        "upn": "admin@sandbox.example",
        "app_displayname": "intunectl sandbox",
        "scp": "DeviceManagementServiceConfig.ReadWrite.All",
        "iat": 1_000_000,
        "nbf": 1_000_000,
        "exp": 1_028_800,
    });
    assert_eq!(claims(&token), (expected, 32));
}

#[test]
fn the_claims_of_an_access_token_identify_a_user_or_an_application() {
    let mut tokens = tokens();
    let both = json!({
        "aud": "https://graph.microsoft.com",
        "tid": TENANT,
        "appid": "client",
        "app_displayname": "intunectl sandbox",
        "iat": 1_000_000,
        "nbf": 1_000_000,
        "exp": 1_003_600,
    });
    let table = [
        (Identity::User, json!({"idtyp": "user", "upn": "admin@sandbox.example", "scp": "openid A.B"})),
        (Identity::Application, json!({"idtyp": "app", "roles": ["A.B"]})),
    ];
    for (identity, more) in table {
        let token = tokens.issue_access(&grant("client", "openid offline_access A.B"), identity, UNIX_EPOCH + NOW);
        let mut expected = both.clone();
        expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(claims(&token), (expected, 32));
        assert_eq!(tokens.check(&token, UNIX_EPOCH + NOW), Ok(identity));
    }
}

#[test]
fn an_id_token_is_unsigned_and_its_audience_is_the_client() {
    let token = tokens().make_id_token(&grant("client", "openid"), ROOT, UNIX_EPOCH + NOW);
    let expected = json!({
        "ver": "2.0",
        "iss": format!("{ROOT}/{TENANT}/v2.0"),
        "aud": "client",
        "tid": TENANT,
        "sub": "admin@sandbox.example",
        "preferred_username": "admin@sandbox.example",
        "iat": 1_000_000,
        "nbf": 1_000_000,
        "exp": 1_003_600,
    });
    assert_eq!(claims(&token), (expected, 0));
}

#[test]
fn an_access_token_is_accepted_until_it_expires() {
    let mut tokens = tokens();
    let token = tokens.issue_access(&grant("client", "A.B"), Identity::User, at(100));
    for (seconds, expected) in
        [(100, Ok(Identity::User)), (3_699, Ok(Identity::User)), (3_700, Err(InvalidToken::Expired))]
    {
        assert_eq!(tokens.check(&token, at(seconds)), expected, "{seconds}");
    }
    let fixed = tokens.fixed().to_owned();
    assert_eq!(tokens.check(&fixed, at(1_000_000_000)), Ok(Identity::User));
    assert_eq!(tokens.check(&format!("{token}x"), at(100)), Err(InvalidToken::Unknown));
}

#[test]
fn revoking_affects_only_earlier_tokens_even_within_the_same_second() {
    let mut tokens = tokens();
    let before = tokens.issue_access(&grant("client", "A.B"), Identity::User, at(100));
    tokens.revoke(at(100));
    let after = tokens.issue_access(&grant("client", "A.B"), Identity::User, at(100));
    assert_eq!(tokens.check(&before, at(101)), Err(InvalidToken::Revoked { valid_from: 100 }));
    assert_eq!(tokens.check(&after, at(101)), Ok(Identity::User));
}

#[test]
fn a_random_text_is_long_and_new_each_time() {
    assert_ne!(random_text(), random_text());
    assert_eq!(random_text().len(), 86);
}
