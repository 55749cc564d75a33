use hyper::header::ALLOW;

use super::authorization::tests::{CHALLENGE, VERIFIER};
use super::tokens::tests::claims;
use super::*;
use crate::sandbox::tests::services::{FIRST, PARTNERS, Pairs, ROOT, Reply, TestServices, encode};

const REDIRECT: &str = "http://localhost:8400/cb";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ALL: &str = "http://127.0.0.1:1/DeviceManagementServiceConfig.ReadWrite.All openid offline_access";
/// The query that opens the consent page.
const AUTHORIZE: [(&str, &str); 6] = [
    ("client_id", "c"),
    ("response_type", "code"),
    ("redirect_uri", REDIRECT),
    ("scope", ALL),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];
/// The form that redeems the code.
const REDEEM: [(&str, &str); 5] = [
    ("grant_type", "authorization_code"),
    ("client_id", "c"),
    ("code", "x"),
    ("redirect_uri", REDIRECT),
    ("code_verifier", VERIFIER),
];
/// The form that an application sends.
const APPLICATION: [(&str, &str); 4] = [
    ("grant_type", "client_credentials"),
    ("client_id", "c"),
    ("scope", "http://127.0.0.1:1/.default"),
    ("client_secret", "s3cret"),
];

impl TestServices {
    /// Sends a request whose answer, even an error, must be JSON that no cache may keep.
    fn ask(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Reply {
        let reply = self.send(method, path, &[(CONTENT_TYPE.as_str(), content_type)], body);
        assert_eq!(reply.header(CONTENT_TYPE), Some("application/json; charset=utf-8"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        reply
    }

    pub(in crate::sandbox) fn post_to(&mut self, tenant: &str, endpoint: &str, parameters: Pairs) -> Reply {
        let path = format!("/{tenant}/oauth2/v2.0/{endpoint}");
        self.ask("POST", &path, "application/x-www-form-urlencoded; charset=UTF-8", form(parameters).as_bytes())
    }

    fn post_form(&mut self, endpoint: &str, parameters: Pairs) -> Reply {
        self.post_to("organizations", endpoint, parameters)
    }

    fn authorize(&mut self, parameters: Pairs) -> Reply {
        self.send("GET", &format!("/common/oauth2/v2.0/authorize?{}", form(parameters)), &[], b"")
    }

    fn configuration(&mut self, method: &str, tenant: &str) -> Reply {
        self.ask(method, &format!("/{}/v2.0/.well-known/openid-configuration", encode(tenant)), "", b"")
    }

    /// Signs in to a tenant with a device code for these scopes, and returns the tokens.
    fn sign_in(&mut self, tenant: &str, scope: &str) -> Value {
        let device = self.post_to(tenant, "devicecode", &[("client_id", "c"), ("scope", scope)]).json();
        self.sleep(2);
        let code = device["device_code"].as_str().unwrap();
        let parameters = [("grant_type", DEVICE_CODE), ("client_id", "c"), ("device_code", code)];
        self.post_to(tenant, "token", &parameters).json()
    }

    /// The access token and the refresh token of a sign-in.
    pub(in crate::sandbox) fn tokens(&mut self) -> (String, String) {
        let tokens = self.sign_in("organizations", ALL);
        (text(&tokens["access_token"]), text(&tokens["refresh_token"]))
    }

    pub(in crate::sandbox) fn refresh(&mut self, token: &str, more: Pairs) -> Reply {
        let parameters = [("grant_type", "refresh_token"), ("client_id", "c"), ("refresh_token", token)];
        self.post_form("token", &[&parameters, more].concat())
    }
}

impl Reply {
    /// The status, the error and its code. The description must begin with the code.
    fn error(&self) -> (u16, String, u64) {
        let body = self.json();
        let (error, code) = (text(&body["error"]), body["error_codes"][0].as_u64().unwrap());
        assert!(self.description().starts_with(&format!("AADSTS{code}: ")), "{body}");
        (self.status, error, code)
    }

    fn description(&self) -> String {
        text(&self.json()["error_description"])
    }

    /// The target of the link with this text, as a browser reads it.
    fn link(&self, text: &str) -> String {
        let (before, _) = self.body.split_once(&format!("\">{text}</a>")).unwrap_or_else(|| panic!("{}", self.body));
        unescape(before.rsplit_once("<a href=\"").unwrap().1)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn form(parameters: Pairs) -> String {
    parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// The parameters in the query of a URI.
fn query(uri: &str) -> Form {
    Form::parse(uri.split_once('?').unwrap().1.as_bytes()).unwrap()
}

fn error(status: u16, error: &str, code: u64) -> (u16, String, u64) {
    (status, error.to_owned(), code)
}

/// The parameters without the one of this name.
fn without<'a>(name: &str, parameters: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    parameters.iter().copied().filter(|(key, _)| *key != name).collect()
}

/// The parameters with a different value for the one of this name.
fn with<'a>(name: &'a str, value: &'a str, parameters: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [without(name, parameters), vec![(name, value)]].concat()
}

#[test]
fn an_approved_device_code_can_be_redeemed_for_tokens_once() {
    let mut entra = TestServices::new();
    let reply = entra.post_form("devicecode", &[("client_id", "c"), ("scope", ALL)]);
    let device = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!((device["expires_in"].as_u64(), device["interval"].as_u64()), (Some(900), Some(1)));
    assert_eq!(device["verification_uri"], "http://127.0.0.1:1/device");
    let (message, user_code) = (device["message"].as_str().unwrap(), device["user_code"].as_str().unwrap());
    assert!(message.contains(user_code) && message.contains("http://127.0.0.1:1/device"), "{message}");
    let code = device["device_code"].as_str().unwrap();
    assert!(code.len() > 80);
    let ask = [("grant_type", DEVICE_CODE), ("client_id", "c"), ("device_code", code)];
    for (parameters, expected) in [
        (with("device_code", "x", &ask), error(400, "bad_verification_code", 70018)),
        (with("client_id", "d", &ask), error(400, "invalid_grant", 70000)),
        (ask.to_vec(), error(400, "authorization_pending", 70016)),
        (ask.to_vec(), error(400, "slow_down", 70016)),
    ] {
        assert_eq!(entra.post_form("token", &parameters).error(), expected, "{parameters:?}");
    }
    entra.sleep(6);
    let reply = entra.post_form("token", &ask);
    let tokens = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["scope"], "openid http://127.0.0.1:1/DeviceManagementServiceConfig.ReadWrite.All");
    assert_eq!((tokens["expires_in"].as_u64(), tokens["ext_expires_in"].as_u64()), (Some(3_600), Some(3_600)));
    let access = claims(tokens["access_token"].as_str().unwrap()).0;
    assert_eq!(access["scp"], "openid DeviceManagementServiceConfig.ReadWrite.All");
    assert_eq!((&access["appid"], &access["tid"]), (&json!("c"), &json!(tenant::TENANT)));
    assert_eq!(access["exp"], 1_000_006 + 3_600);
    assert_eq!(claims(tokens["id_token"].as_str().unwrap()).0["aud"], "c");
    assert!(tokens["refresh_token"].as_str().unwrap().len() > 80);
    assert_eq!(entra.post_form("token", &ask).error(), error(400, "invalid_grant", 70000));
    let late = entra.post_form("devicecode", &[("client_id", "c"), ("scope", ALL)]).json();
    entra.sleep(900);
    let ask = with("device_code", late["device_code"].as_str().unwrap(), &ask);
    assert_eq!(entra.post_form("token", &ask).error(), error(400, "expired_token", 70020));
}

#[test]
fn refresh_and_id_tokens_are_issued_only_if_requested() {
    for (scope, refresh, id) in [
        ("User.Read", false, false),
        ("User.Read offline_access", true, false),
        ("User.Read openid profile", false, true),
        (ALL, true, true),
    ] {
        let tokens = TestServices::new().sign_in("organizations", scope);
        let has = |name| tokens.get(name).is_some();
        assert_eq!((has("refresh_token"), has("id_token"), has("access_token")), (refresh, id, true), "{scope}");
    }
}

#[test]
fn a_refresh_token_works_once_and_the_response_has_a_new_one() {
    let mut entra = TestServices::new();
    let first = entra.sign_in("organizations", ALL);
    let refresh = |entra: &mut TestServices, tokens: &Value, more| entra.refresh(&text(&tokens["refresh_token"]), more);
    let second = refresh(&mut entra, &first, &[]).json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!((&second["scope"], second.get("id_token").is_some()), (&first["scope"], true));
    assert_eq!(refresh(&mut entra, &first, &[]).error(), error(400, "invalid_grant", 70000));
    // Requesting fewer scopes once does not reduce the scopes of the refresh token.
    let third = refresh(&mut entra, &second, &[("scope", "User.Read")]).json();
    assert_eq!((third["scope"].as_str(), third.get("id_token")), (Some("http://127.0.0.1:1/User.Read"), None));
    assert_eq!(refresh(&mut entra, &third, &[]).json()["scope"], first["scope"]);
}

#[test]
fn an_invalid_request_does_not_use_up_a_refresh_token() {
    let mut entra = TestServices::new();
    let (_, token) = entra.tokens();
    let ask = [("grant_type", "refresh_token"), ("client_id", "c"), ("refresh_token", &token)];
    let table = [
        (with("refresh_token", "x", &ask), error(400, "invalid_grant", 9002313)),
        (with("client_id", "d", &ask), error(400, "invalid_grant", 70000)),
        (with("scope", "https://graph.microsoft.com/.default", &ask), error(400, "invalid_scope", 70011)),
        (without("client_id", &ask), error(400, "invalid_request", 900144)),
    ];
    for (parameters, expected) in table {
        assert_eq!(entra.post_form("token", &parameters).error(), expected, "{parameters:?}");
    }
    assert_eq!(entra.post_form("token", &ask).status, 200);
}

#[test]
fn an_application_gets_a_token_for_a_secret_or_an_assertion() {
    let assertion = [("client_assertion_type", JWT_BEARER), ("client_assertion", "e30.e30.")];
    let assertion = [&without("client_secret", &APPLICATION), &assertion[..]].concat();
    for parameters in [APPLICATION.to_vec(), assertion] {
        let mut entra = TestServices::new();
        let tenant = "0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11";
        let reply = entra.post_to(tenant, "token", &parameters);
        let tokens = reply.json();
        assert_eq!((reply.status, tokens["token_type"].as_str()), (200, Some("Bearer")));
        assert_eq!((tokens.get("refresh_token"), tokens.get("id_token")), (None, None));
        let token = tokens["access_token"].as_str().unwrap();
        let claims = claims(token).0;
        assert_eq!((claims["idtyp"].as_str(), claims["tid"].as_str()), (Some("app"), Some(tenant)));
        assert_eq!(claims["roles"], json!(["DeviceManagementServiceConfig.ReadWrite.All"]));
        assert_eq!((claims.get("upn"), claims.get("scp")), (None, None));
        assert_eq!(entra.call("POST", &format!("{PARTNERS}/{FIRST}/disconnect"), token).status, 204);
    }
}

#[test]
fn an_invalid_request_of_an_application_is_rejected() {
    let good = APPLICATION;
    let no_secret = without("client_secret", &good);
    let saml = [&no_secret[..], &[("client_assertion_type", "saml"), ("client_assertion", "x")]].concat();
    let app = "contoso.onmicrosoft.com";
    let table = [
        (app, with("client_secret", "expired", &good), error(401, "invalid_client", 7000222)),
        (app, with("client_secret", "wrong", &good), error(401, "invalid_client", 7000215)),
        (app, with("client_secret", "", &good), error(401, "invalid_client", 7000216)),
        (app, no_secret.clone(), error(401, "invalid_client", 7000216)),
        (app, with("client_assertion", "", &no_secret), error(401, "invalid_client", 7000216)),
        (app, with("client_assertion", "x", &no_secret), error(400, "invalid_request", 900144)),
        (app, saml, error(400, "invalid_request", 9002313)),
        (app, without("client_id", &good), error(400, "invalid_request", 900144)),
        (app, without("scope", &good), error(400, "invalid_request", 900144)),
        (app, with("scope", "User.Read", &good), error(400, "invalid_scope", 1002012)),
        (app, with("scope", "http://127.0.0.1:1/User.Read", &good), error(400, "invalid_scope", 1002012)),
        (app, with("scope", "openid http://127.0.0.1:1/.default", &good), error(400, "invalid_scope", 1002012)),
        (app, with("scope", "https://graph.microsoft.com/.default", &good), error(400, "invalid_scope", 70011)),
        (app, with("scope", "http://127.0.0.1:1//.default", &good), error(400, "invalid_scope", 70011)),
        ("common", good.to_vec(), error(400, "invalid_request", 50059)),
        ("organizations", good.to_vec(), error(400, "invalid_request", 50059)),
        ("consumers", good.to_vec(), error(400, "invalid_request", 50059)),
    ];
    for (tenant, parameters, expected) in table {
        assert_eq!(TestServices::new().post_to(tenant, "token", &parameters).error(), expected, "{parameters:?}");
    }
}

#[test]
fn a_response_never_contains_a_secret() {
    let parameters = with("client_assertion", "asserti0n", &with("scope", "User.Read", &APPLICATION));
    let reply = TestServices::new().post_to("contoso.com", "token", &parameters);
    assert!(reply.status == 400 && !reply.body.contains("s3cret") && !reply.body.contains("asserti0n"), "{reply:?}");
}

#[test]
fn an_authorization_code_can_be_redeemed_for_tokens_once() {
    let mut entra = TestServices::new();
    let state = "a b&c=\"d\"<e>'東";
    let more = [("state", state), ("prompt", "select_account"), ("login_hint", "somebody@contoso.com")];
    let page = entra.authorize(&[&AUTHORIZE, &more[..]].concat());
    assert_eq!((page.status, page.header(CONTENT_TYPE)), (200, Some("text/html; charset=utf-8")));
    let accept = page.link("Continue as admin@sandbox.example");
    assert!(accept.starts_with(&format!("{REDIRECT}?code=")), "{accept}");
    assert!(accept.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\".contains(&b)), "{accept}");
    assert_eq!(query(&accept).get("state"), Some(state));
    let (_, refresh) = page.body.split_once("<meta http-equiv=\"refresh\" content=\"2; url=").unwrap();
    assert_eq!(unescape(refresh.split_once("\">").unwrap().0), accept);
    let decline = query(&page.link("Cancel"));
    assert_eq!((decline.get("error"), decline.get("state")), (Some("access_denied"), Some(state)));
    assert!(decline.get("error_description").unwrap().starts_with("AADSTS65004: "));
    assert_eq!(decline.get("code"), None);

    let answer = query(&accept);
    let ask = with("code", answer.get("code").unwrap(), &REDEEM);
    let other_verifier = VERIFIER.to_uppercase();
    let wrong = [
        (with("code", "x", &ask), error(400, "invalid_grant", 9002313)),
        (with("client_id", "d", &ask), error(400, "invalid_grant", 70000)),
        (with("redirect_uri", "http://localhost:8401/cb", &ask), error(400, "invalid_grant", 500112)),
        (with("redirect_uri", "http://localhost:8400/cb/", &ask), error(400, "invalid_grant", 500112)),
        (with("code_verifier", &other_verifier, &ask), error(400, "invalid_grant", 501481)),
        // With the method `plain`, the verifier would equal the challenge.
        (with("code_verifier", CHALLENGE, &ask), error(400, "invalid_grant", 501481)),
    ];
    for (parameters, expected) in wrong {
        assert_eq!(entra.post_form("token", &parameters).error(), expected, "{parameters:?}");
    }
    let elsewhere = entra.post_form("token", &with("redirect_uri", "http://localhost", &ask)).description();
    let addresses = "The reply address 'http://localhost' does not match the reply address 'http://localhost:8400/cb'";
    assert!(elsewhere.contains(addresses), "{elsewhere}");
    let reply = entra.post_form("token", &ask);
    let tokens = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(tokens["scope"], "openid http://127.0.0.1:1/DeviceManagementServiceConfig.ReadWrite.All");
    assert!(tokens.get("refresh_token").is_some() && tokens.get("id_token").is_some());
    assert_eq!(entra.post_form("token", &ask).error(), error(400, "invalid_grant", 54005));
    entra.sleep(602);
    assert_eq!(entra.post_form("token", &ask).error(), error(400, "invalid_grant", 54005));
}

#[test]
fn a_code_is_valid_for_ten_minutes_after_its_approval() {
    let redirect_uri = "http://localhost:8400";
    for (age, expected) in [(601, None), (602, Some(error(400, "invalid_grant", 70008)))] {
        let mut entra = TestServices::new();
        let page = entra.authorize(&with("redirect_uri", redirect_uri, &AUTHORIZE));
        let accept = page.link("Continue as admin@sandbox.example");
        // Without a state in the request, there is none in the answer; a redirect URI without a path gets one.
        assert!(accept.starts_with("http://localhost:8400/?code=") && !accept.contains("state"), "{accept}");
        entra.sleep(age);
        let answer = query(&accept);
        let ask = with("code", answer.get("code").unwrap(), &with("redirect_uri", redirect_uri, &REDEEM));
        let reply = entra.post_form("token", &ask);
        assert_eq!((reply.status != 200).then(|| reply.error()), expected);
    }
}

#[test]
fn errors_in_an_authorization_request_are_shown_on_a_page() {
    let good = with("client_id", "c<i>", &with("scope", "User.Read", &AUTHORIZE));
    let evil = "http://evil.example/\"><script>";
    let missing = |name: &'static str| (without(name, &good), format!("AADSTS900144: .*&#39;{name}&#39;"));
    let table = [
        missing("client_id"),
        missing("response_type"),
        missing("redirect_uri"),
        missing("scope"),
        missing("code_challenge"),
        missing("code_challenge_method"),
        (with("redirect_uri", evil, &good), "AADSTS50011: .*http://evil.example/&quot;&gt;&lt;script&gt;".into()),
        (with("redirect_uri", "https://localhost/", &good), "AADSTS50011: .*&#39;c&lt;i&gt;&#39;".into()),
        (with("response_type", "id_token", &good), "AADSTS700051: .*id_token".into()),
        (with("response_mode", "form_post", &good), "AADSTS9002313: .*".into()),
        (with("scope", "https://graph.microsoft.com/User.Read", &good), "AADSTS70011: .*graph.microsoft.com".into()),
        (with("code_challenge_method", "plain", &good), "AADSTS50149: .*".into()),
        (with("code_challenge", "short", &good), "AADSTS501491: .*".into()),
        ([&good[..], &[("scope", "User.Read")]].concat(), "AADSTS9000411: .*&#39;scope&#39;".into()),
    ];
    for (parameters, expected) in table {
        let reply = TestServices::new().authorize(&parameters);
        assert_eq!((reply.status, reply.headers.get("location")), (400, None), "{parameters:?}");
        let (code, rest) = expected.split_once(".*").unwrap();
        assert!(reply.body.contains(code) && reply.body.contains(rest), "{expected}: {}", reply.body);
        assert!(!reply.body.contains("<script") && !reply.body.contains("<a ") && !reply.body.contains("refresh"));
    }
    let reply = TestServices::new().send("GET", "/common/oauth2/v2.0/authorize?client_id=%ff", &[], b"");
    assert!(reply.status == 400 && reply.body.contains("AADSTS9002313: "), "{reply:?}");
    assert!(TestServices::new().authorize(&good).body.contains("The application c&lt;i&gt; requests: http://127"));
}

#[test]
fn the_error_names_a_missing_parameter() {
    let table: [(&str, Pairs, &str); 11] = [
        ("devicecode", &[], "client_id"),
        ("devicecode", &[("client_id", "c")], "scope"),
        ("devicecode", &[("client_id", ""), ("scope", ALL)], "client_id"),
        ("token", &[], "grant_type"),
        ("token", &[("grant_type", DEVICE_CODE)], "client_id"),
        ("token", &[("grant_type", DEVICE_CODE), ("client_id", "c")], "device_code"),
        ("token", &[("grant_type", "refresh_token"), ("client_id", "c")], "refresh_token"),
        ("token", &[("grant_type", "client_credentials"), ("client_id", "c")], "scope"),
        ("token", &[("grant_type", "authorization_code"), ("client_id", "c")], "code"),
        ("token", &without("redirect_uri", &REDEEM), "redirect_uri"),
        ("token", &without("code_verifier", &REDEEM), "code_verifier"),
    ];
    for (endpoint, parameters, name) in table {
        let reply = TestServices::new().post_form(endpoint, parameters);
        assert_eq!(reply.error(), error(400, "invalid_request", 900144));
        assert!(reply.description().contains(&format!("parameter: '{name}'.")), "{reply:?}");
    }
}

#[test]
fn a_request_without_a_valid_form_is_rejected() {
    let path = "/organizations/oauth2/v2.0/token";
    let form = "application/x-www-form-urlencoded";
    let refresh = b"grant_type=refresh_token&client_id=c&refresh_token=x";
    let table: [(&str, &[u8], u64); 5] = [
        (form, b"grant_type=\xff", 9002313),
        (form, b"grant_type=a&grant_type=b", 9000411),
        // Entra ignores parameters in a body of another type.
        ("application/json", b"{\"grant_type\":\"refresh_token\"}", 900144),
        ("text/plain", refresh, 900144),
        ("", refresh, 900144),
    ];
    for (content_type, body, code) in table {
        let reply = TestServices::new().ask("POST", path, content_type, body);
        assert_eq!(reply.error(), error(400, "invalid_request", code), "{content_type} {body:?}");
    }
    let reply = TestServices::new().ask("POST", path, "Application/X-WWW-Form-UrlEncoded", refresh);
    assert_eq!(reply.error(), error(400, "invalid_grant", 9002313));
}

#[test]
fn unknown_grant_types_endpoints_and_methods_are_rejected() {
    for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "Refresh_Token"] {
        let reply = TestServices::new().post_form("token", &[("grant_type", grant), ("client_id", "c")]);
        assert_eq!(reply.error(), error(400, "unsupported_grant_type", 70003), "{grant}");
    }
    for endpoint in ["", "logout", "Token", "token%2f", "token/more"] {
        let reply = TestServices::new().post_form(endpoint, &[]);
        assert_eq!(reply.error(), error(404, "invalid_request", 9002313), "{endpoint}");
    }
    for (method, endpoint) in [("GET", "token"), ("GET", "devicecode"), ("PUT", "token"), ("HEAD", "devicecode")] {
        let reply = TestServices::new().ask(method, &format!("/common/oauth2/v2.0/{endpoint}"), "", b"");
        assert_eq!(reply.error(), error(405, "invalid_request", 900561), "{method}");
        assert_eq!(reply.headers[ALLOW], "POST");
        let sentence = format!("only accepts POST requests. Received a {method} request.");
        assert!(reply.description().contains(&sentence), "{reply:?}");
    }
    let reply = TestServices::new().send("POST", "/common/oauth2/v2.0/authorize", &[], b"");
    assert_eq!((reply.status, reply.header(ALLOW)), (405, Some("GET")));
}

#[test]
fn the_configuration_contains_the_tenant_id_and_the_endpoints() {
    let id = "0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11";
    let own = "00000000-0000-0000-0000-5a4d0b0c0001";
    for (name, issuer, tenant) in [
        (id, id, id),
        (&*id.to_uppercase(), id, id),
        (own, own, own),
        ("contoso.onmicrosoft.com", own, own),
        ("Contoso-2.Example", own, own),
        ("invalid.example", own, own),
        ("common", "{tenantid}", "common"),
        ("organizations", "{tenantid}", "organizations"),
        ("consumers", "{tenantid}", "consumers"),
    ] {
        let reply = TestServices::new().configuration("GET", name);
        let expected = json!({
            "issuer": format!("{ROOT}/{issuer}/v2.0"),
            "authorization_endpoint": format!("{ROOT}/{tenant}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{ROOT}/{tenant}/oauth2/v2.0/token"),
            "device_authorization_endpoint": format!("{ROOT}/{tenant}/oauth2/v2.0/devicecode"),
        });
        assert_eq!((reply.status, reply.json()), (200, expected), "{name}");
    }
}

#[test]
fn the_configuration_and_id_tokens_have_the_same_issuer() {
    for name in ["0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c11", "contoso.example"] {
        let mut entra = TestServices::new();
        let id_token = claims(&text(&entra.sign_in(name, ALL)["id_token"])).0;
        assert_eq!(entra.configuration("GET", name).json()["issuer"], id_token["iss"]);
    }
}

#[test]
fn a_tenant_that_does_not_exist_has_no_configuration() {
    for name in [
        "",
        " ",
        "contoso",
        "invalid",
        "contoso.invalid",
        "a/b.example",
        "a.b.INVALID",
        "contoso..example",
        ".example",
        "contoso.",
        "con toso.example",
        "contoso.example/",
        "conto_so.example",
        "münchen.example",
        "0f2c1b1e-8d2b-4c8e-9a35-0a5e3b1d7c1",
    ] {
        let reply = TestServices::new().configuration("GET", name);
        assert_eq!(reply.error(), error(400, "invalid_tenant", 90002), "{name}");
        let start =
            format!("AADSTS90002: Tenant '{name}' not found. Check to make sure you have the correct tenant ID");
        assert!(reply.description().starts_with(&start), "{reply:?}");
    }
}

#[test]
fn a_configuration_can_only_be_read() {
    for method in ["POST", "PUT", "HEAD", "OPTIONS"] {
        for name in ["common", "contoso.invalid"] {
            let reply = TestServices::new().configuration(method, name);
            assert_eq!(reply.error(), error(405, "invalid_request", 900561), "{method} {name}");
            assert_eq!(reply.headers[ALLOW], "GET");
        }
    }
}

#[test]
fn similar_paths_do_not_return_the_configuration() {
    for path in ["/a/b/v2.0/.well-known/openid-configuration", "/a.example/v2.0/.well-known/openid-configuration/x"] {
        assert_eq!(TestServices::new().send("GET", path, &[], b"").status, 401, "{path}");
    }
}

#[test]
fn the_page_for_device_codes_exists() {
    let page = TestServices::new().send("GET", "/device", &[], b"");
    assert!(page.status == 200 && page.body.contains("automatically, 2s after"), "{page:?}");
    assert_eq!(TestServices::new().send("POST", "/device", &[], b"").header(ALLOW), Some("GET"));
}

#[test]
fn entra_is_not_throttled() {
    let mut services = TestServices::throttled(1);
    for _ in 0..15 {
        assert_eq!(services.post_form("devicecode", &[("client_id", "c"), ("scope", ALL)]).status, 200);
        assert_eq!(services.configuration("GET", "common").status, 200);
    }
    assert_eq!(services.post(&format!("{PARTNERS}/{FIRST}/disconnect")).status, 204);
}
