//! Graph over real sockets.

use super::*;

#[tokio::test]
async fn the_pages_of_the_list_lead_to_every_partner_once() {
    let sandbox = TestSandbox::start(Config { partners: 250, ..config() }).await;
    for (query, sizes) in [("", vec![100, 100, 50]), ("?$top=125&$select=id", vec![100, 100, 50])] {
        let mut next = Some(format!("{PARTNERS}{query}"));
        let (mut pages, mut ids) = (Vec::new(), std::collections::HashSet::new());
        while let Some(path) = next.take() {
            let page = sandbox.get(&path).await.json();
            let context = page["@odata.context"].as_str().unwrap();
            assert!(context.ends_with("/v1.0/$metadata#deviceManagement/remoteAssistancePartners"));
            let value = page["value"].as_array().unwrap();
            ids.extend(value.iter().map(|partner| partner["id"].to_string()));
            pages.push(value.len());
            let link = page["@odata.nextLink"].as_str();
            next = link.map(|url| url.split_once(&sandbox.authority).unwrap().1.to_owned());
        }
        assert_eq!((pages, ids.len()), (sizes, 250));
    }
}

#[tokio::test]
async fn top_is_the_size_of_each_page() {
    let sandbox = TestSandbox::start(config()).await;
    let page = sandbox.get(&format!("{PARTNERS}?%24top=2")).await.json();
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    let link = format!("http://{}{PARTNERS}?$top=2&$skiptoken=2", sandbox.authority);
    assert_eq!(page["@odata.nextLink"], link);
    let rest = sandbox.get(&link).await.json();
    assert_eq!(rest["value"].as_array().unwrap().len(), 1);
    assert_eq!(rest.get("@odata.nextLink"), None);
    let none = sandbox.get(&format!("{PARTNERS}?$top=0")).await.json();
    assert_eq!((none["value"].as_array().unwrap().len(), none.get("@odata.nextLink")), (0, None));
    assert_eq!(sandbox.get(&format!("{PARTNERS}?$top=some")).await.status, 400);
}

#[tokio::test]
async fn a_hundred_thousand_partners_are_served() {
    let sandbox = TestSandbox::start(Config { partners: 100_000, ..config() }).await;
    let last = "5a4d0b0c-0002-4000-8000-000000100000";
    assert_eq!(sandbox.post(&format!("{PARTNERS}/{last}/disconnect")).await.status, 204);
    assert_eq!(sandbox.status_of(last).await, "notOnboarded");
    let page = sandbox.get(&format!("{PARTNERS}?$skiptoken=99999")).await.json();
    assert_eq!(page["value"][0]["id"], last);
}

#[tokio::test]
async fn the_actions_answer_204_and_change_the_partner_in_both_versions() {
    let sandbox = TestSandbox::start(config()).await;
    assert_eq!(sandbox.status_of(FIRST).await, "onboarded");
    let beta = PARTNERS.replace("v1.0", "beta");
    let encoded = FIRST.to_uppercase().replace('A', "%41");
    let steps = [
        (format!("{PARTNERS}/{FIRST}/disconnect"), "notOnboarded"),
        (format!("{PARTNERS}/{encoded}/microsoft.graph.disconnect"), "notOnboarded"),
        (format!("{beta}/{FIRST}/beginOnboarding"), "onboarding"),
        (format!("{beta}/{FIRST}/disconnect"), "notOnboarded"),
        (format!("{PARTNERS}/{encoded}/microsoft.graph.beginOnboarding"), "onboarding"),
    ];
    for (path, status) in steps {
        let reply = sandbox.post(&path).await;
        assert_eq!((reply.status, reply.body.as_str(), reply.header("content-type")), (204, "", None), "{path}");
        assert_eq!(sandbox.status_of(&encoded).await, status, "{path}");
    }
    let partner = sandbox.get(&format!("{beta}/{FIRST}")).await.json();
    assert!(partner["onboardingRequestExpiryDateTime"].as_str().unwrap() > "2020");
    assert!(partner["@odata.context"].as_str().unwrap().ends_with("/$entity"));
}

#[tokio::test]
async fn unknown_partners_paths_and_methods_are_refused_as_by_the_service() {
    let sandbox = TestSandbox::start(config()).await;
    let partner = format!("{PARTNERS}/{FIRST}");
    let nobody = format!("{PARTNERS}/{NOBODY}");
    for reply in [sandbox.get(&nobody).await, sandbox.post(&format!("{nobody}/disconnect")).await] {
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (404, Some("ResourceNotFound")));
    }
    let wrong = [
        (sandbox.post(PARTNERS).await, "GET"),
        (sandbox.post(&partner).await, "GET"),
        (sandbox.get(&format!("{partner}/disconnect")).await, "POST"),
    ];
    for (reply, allowed) in wrong {
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allowed)));
    }
    let unknown = sandbox.post(&format!("{partner}/connect")).await;
    assert_eq!(unknown.status, 400);
    assert_eq!(unknown.message(), "Resource not found for the segment 'connect'.");
    assert_eq!(sandbox.status_of(FIRST).await, "onboarded");
}

#[tokio::test]
async fn only_the_exact_token_is_accepted() {
    let sandbox = TestSandbox::start(config()).await;
    let (empty, wrong) = ("Access token is empty.", "CompactToken parsing failed with error code: 80049217");
    let token = &sandbox.token;
    let table = [
        (String::new(), Some(empty)),
        ("Authorization: Bearer\r\n".to_owned(), Some(empty)),
        (format!("Authorization: Basic {token}\r\n"), Some(empty)),
        ("Authorization: Bearer e30.e30.\r\n".to_owned(), Some(wrong)),
        (format!("Authorization: Bearer {token}x\r\n"), Some(wrong)),
        (format!("Authorization: Bearer {}\r\n", token.to_lowercase()), Some(wrong)),
        (format!("authorization: bearer {token}\r\n"), None),
    ];
    for (header, message) in table {
        let reply = sandbox.send(&format!("GET {PARTNERS}"), &header).await;
        match message {
            None => assert_eq!(reply.status, 200),
            Some(message) => {
                assert_eq!((reply.status, reply.message().as_str()), (401, message), "{header}");
                assert_eq!(reply.header("www-authenticate"), Some(r#"Bearer realm="""#));
            }
        }
    }
}

#[tokio::test]
async fn writes_beyond_the_limit_are_throttled_and_change_nothing() {
    let limit = Limit { requests: 2, window: HOUR };
    let sandbox = TestSandbox::start(Config { throttle: Some(limit), ..config() }).await;
    let disconnect = format!("{PARTNERS}/{FIRST}/disconnect");
    let onboard = format!("{PARTNERS}/{FIRST}/beginOnboarding");
    assert_eq!(sandbox.post(&disconnect).await.status, 204);
    assert_eq!(sandbox.post(&disconnect).await.status, 204);
    let reply = sandbox.post(&onboard).await;
    assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (429, Some("TooManyRequests")));
    let wait = reply.header("retry-after").unwrap();
    assert_eq!(wait.split_once('.').unwrap().1.len(), 3, "{wait}");
    assert!((0.0..=HOUR.as_secs_f64()).contains(&wait.parse().unwrap()), "{wait}");
    assert_eq!(sandbox.status_of(FIRST).await, "notOnboarded");
    // Four requests so far; reads have the rest of twenty.
    for _ in 4..20 {
        assert_eq!(sandbox.get(PARTNERS).await.status, 200);
    }
    assert_eq!(sandbox.get(PARTNERS).await.status, 429);
}

#[tokio::test]
async fn a_configured_failure_is_sent_every_time_and_changes_nothing() {
    let failures = HashMap::from([(FIRST.to_uppercase(), 503), ("not-a-guid".to_owned(), 418)]);
    let sandbox = TestSandbox::start(Config { failures, ..config() }).await;
    for _ in 0..2 {
        let reply = sandbox.post(&format!("{PARTNERS}/{FIRST}/disconnect")).await;
        assert_eq!((reply.status, reply.header("content-type")), (503, Some("text/html")));
    }
    assert_eq!(sandbox.status_of(FIRST).await, "onboarded");
    assert_eq!(sandbox.post(&format!("{PARTNERS}/Not-A-GUID/beginOnboarding")).await.status, 418);
}

#[tokio::test]
async fn revoking_sessions_revokes_all_tokens_of_earlier_sign_ins() {
    let sandbox = TestSandbox::start(config()).await;
    for (version, is_fixed) in [("v1.0", true), ("beta", false)] {
        let (access, refresh) = sandbox.tokens().await;
        let token = if is_fixed { &sandbox.token } else { &access };
        let reply = sandbox.call(&format!("POST /{version}/me/revokeSignInSessions"), token).await;
        let context = format!("http://{}/{version}/$metadata#Edm.Boolean", sandbox.authority);
        let expected = serde_json::json!({"@odata.context": context, "value": true});
        assert_eq!((reply.status, reply.json()), (200, expected));
        let reply = sandbox.call(&format!("GET {PARTNERS}"), &access).await;
        assert_eq!(reply.status, 401);
        assert!(reply.message().ends_with("code: TokenIssuedBeforeRevocationTimestamp"), "{reply:?}");
        let parameters = format!("grant_type=refresh_token&client_id=c&refresh_token={refresh}");
        let reply = sandbox.sign_in("token", &parameters).await;
        assert_eq!((reply.status, reply.json()["error_codes"][0].as_u64()), (400, Some(50173)));
        assert_eq!(sandbox.get(PARTNERS).await.status, 200);
    }
    let (access, _) = sandbox.tokens().await;
    assert_eq!(sandbox.call(&format!("GET {PARTNERS}"), &access).await.status, 200);
}

#[tokio::test]
async fn sessions_are_revoked_only_by_a_user_with_a_post_and_within_the_limit() {
    let limit = Limit { requests: 2, window: HOUR };
    let sandbox = TestSandbox::start(Config { throttle: Some(limit), ..config() }).await;
    let path = "/v1.0/me/revokeSignInSessions";
    let root = format!("http://{}", sandbox.authority);
    let app = format!("grant_type=client_credentials&client_id=c&client_secret=s&scope={root}/.default");
    let app = sandbox.sign_in("token", &app).await.json();
    let reply = sandbox.call(&format!("POST {path}"), app["access_token"].as_str().unwrap()).await;
    let expected = "/me request is only valid with delegated authentication flow.";
    assert_eq!((reply.status, reply.message().as_str()), (400, expected));
    let reply = sandbox.get(path).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
    assert_eq!(sandbox.send(&format!("POST {path}"), "Content-Length: 0\r\n").await.status, 401);
    assert_eq!(sandbox.post(path).await.status, 200);
    assert_eq!(sandbox.post(path).await.status, 429);
}
