//! Entra over real sockets.

use super::*;

#[tokio::test]
async fn tokens_of_a_sign_in_are_accepted_as_well_as_the_fixed_one() {
    let sandbox = TestSandbox::start(config()).await;
    let (access, refresh) = sandbox.tokens().await;
    let root = format!("http://{}", sandbox.authority).replace(':', "%3A").replace('/', "%2F");
    let next = format!("grant_type=refresh_token&client_id=c&refresh_token={refresh}");
    let next = sandbox.sign_in("token", &next).await.json();
    let app = format!("grant_type=client_credentials&client_id=c&client_secret=s&scope={root}%2F.default");
    let app = sandbox.sign_in("token", &app).await.json();
    let text = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();
    for token in [access, text(&next), text(&app), sandbox.token.clone()] {
        assert_eq!(sandbox.call(&format!("GET {PARTNERS}"), &token).await.status, 200);
        let line = format!("POST {PARTNERS}/{FIRST}/disconnect");
        assert_eq!(sandbox.call(&line, &token).await.status, 204);
    }
    assert_eq!(sandbox.call(&format!("GET {PARTNERS}"), &refresh).await.status, 401);
}

#[tokio::test]
async fn a_token_of_a_sign_in_expires() {
    let token_lifetime = Duration::from_secs(1);
    let sandbox = TestSandbox::start(Config { token_lifetime, ..config() }).await;
    let (access, refresh) = sandbox.tokens().await;
    tokio::time::sleep(token_lifetime).await;
    let reply = sandbox.call(&format!("GET {PARTNERS}"), &access).await;
    let expected = "Lifetime validation failed, the token is expired.";
    assert_eq!((reply.status, reply.message().as_str()), (401, expected));
    let parameters = format!("grant_type=refresh_token&client_id=c&refresh_token={refresh}");
    let renewed = sandbox.sign_in("token", &parameters).await.json();
    assert_eq!(renewed["expires_in"], 1);
    assert_eq!(sandbox.get(PARTNERS).await.status, 200);
}

#[tokio::test]
async fn a_browser_is_redirected_to_the_client_with_a_code() {
    let sandbox = TestSandbox::start(Config { approve_after: Duration::from_millis(1_500), ..config() }).await;
    // The pair of RFC 7636, appendix B.
    let (verifier, challenge) =
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let redirect = "redirect_uri=http%3A%2F%2Flocalhost%3A8400%2F";
    let query = format!(
        "client_id=c&response_type=code&{redirect}&scope=User.Read&state=s&code_challenge={challenge}\
         &code_challenge_method=S256"
    );
    let page = sandbox.send(&format!("GET /common/oauth2/v2.0/authorize?{query}"), "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{page:?}");
    let (_, rest) = page.body.split_once(r#"content="2; url=http://localhost:8400/?code="#).unwrap();
    let (code, rest) = rest.split_once("&amp;state=s").unwrap();
    assert!(rest.starts_with("\">"), "{rest}");
    let parameters =
        format!("grant_type=authorization_code&client_id=c&code={code}&{redirect}&code_verifier={verifier}");
    let reply = sandbox.sign_in("token", &parameters).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let again = sandbox.sign_in("token", &parameters).await;
    assert_eq!((again.status, again.json()["error_codes"][0].as_u64()), (400, Some(54005)));
}

#[tokio::test]
async fn the_page_for_device_codes_exists() {
    let sandbox = TestSandbox::start(Config { approve_after: Duration::from_secs(2), ..config() }).await;
    let device = sandbox.sign_in("devicecode", "client_id=c&scope=User.Read").await.json();
    let url = device["verification_uri"].as_str().unwrap();
    let path = url.strip_prefix(&format!("http://{}", sandbox.authority)).unwrap();
    let page = sandbox.send(&format!("GET {path}"), "").await;
    assert!(page.status == 200 && page.body.contains("by itself, 2s after"), "{page:?}");
    assert_eq!(sandbox.call(&format!("POST {path}"), "").await.header("allow"), Some("GET"));
}

#[tokio::test]
async fn errors_of_a_sign_in_have_entras_form_and_the_ids_of_the_response() {
    let sandbox = TestSandbox::start(config()).await;
    let reply = sandbox.sign_in("token", "grant_type=password").await;
    let body = reply.json();
    assert_eq!((reply.status, body["error"].as_str()), (400, Some("unsupported_grant_type")));
    assert_eq!(body["trace_id"], reply.header("request-id").unwrap());
    assert_eq!(body["correlation_id"], reply.header("client-request-id").unwrap());
    let deeper = sandbox.sign_in("token/more", "").await;
    assert_eq!((deeper.status, deeper.json()["error"].as_str()), (404, Some("invalid_request")));
    let line = "POST /common/oauth2/v2.0/token";
    assert_eq!(sandbox.send(line, "").await.status, 411);
    assert_eq!(sandbox.send(line, "Content-Length: 65537\r\n").await.status, 413);
}

#[tokio::test]
async fn the_configuration_of_a_tenant_needs_no_token_and_names_its_endpoints() {
    let sandbox = TestSandbox::start(Config { throttle: Some(Limit { requests: 1, window: HOUR }), ..config() }).await;
    let get = |name: &'static str| {
        let line = format!("GET /{name}/v2.0/.well-known/openid-configuration");
        let sandbox = &sandbox;
        async move { sandbox.send(&line, "").await }
    };
    for name in ["contoso.example", "contoso%2Eexample", "common"] {
        let configuration = get(name).await;
        assert_eq!(configuration.status, 200, "{configuration:?}");
        for endpoint in ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint"] {
            let url = configuration.json()[endpoint].as_str().unwrap().to_owned();
            let path = url.strip_prefix(&format!("http://{}", sandbox.authority)).unwrap();
            // The method is wrong for each, so that none of them does anything; but it is there.
            assert_eq!(sandbox.send(&format!("PUT {path}"), "").await.status, 405, "{path}");
        }
    }
    for (name, shown) in [("", ""), ("contoso.invalid", "contoso.invalid"), ("a%2Fb.example", "a/b.example")] {
        let unknown = get(name).await.json();
        assert_eq!(unknown["error"], "invalid_tenant");
        let description = unknown["error_description"].as_str().unwrap();
        assert!(description.starts_with(&format!("AADSTS90002: Tenant '{shown}' not found.")), "{description}");
    }
    for path in ["/a/b/v2.0/.well-known/openid-configuration", "/a.example/v2.0/.well-known/openid-configuration/x"] {
        assert_eq!(sandbox.send(&format!("GET {path}"), "").await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_sign_in_is_not_throttled_and_does_not_count() {
    let limit = Limit { requests: 1, window: HOUR };
    let sandbox = TestSandbox::start(Config { throttle: Some(limit), ..config() }).await;
    for _ in 0..15 {
        assert_eq!(sandbox.sign_in("devicecode", "client_id=c&scope=User.Read").await.status, 200);
    }
    assert_eq!(sandbox.post(&format!("{PARTNERS}/{FIRST}/disconnect")).await.status, 204);
}
