use std::collections::HashSet;

use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::json;

use super::*;
use crate::sandbox::tests::services::{FIRST, NOBODY, PARTNERS, ROOT, TestServices};

#[test]
fn the_pages_of_the_list_contain_every_partner_once() {
    let mut services = TestServices::with(Graph::new(ROOT.into(), 250, HashMap::new(), None));
    for query in ["", "?$top=125&$select=id"] {
        let mut next = Some(format!("{PARTNERS}{query}"));
        let (mut pages, mut ids) = (Vec::new(), HashSet::new());
        while let Some(path) = next.take() {
            let page = services.get(&path).json();
            assert_eq!(
                page["@odata.context"],
                format!("{ROOT}/v1.0/$metadata#deviceManagement/remoteAssistancePartners")
            );
            let value = page["value"].as_array().unwrap();
            ids.extend(value.iter().map(|partner| partner["id"].to_string()));
            pages.push(value.len());
            next = page["@odata.nextLink"].as_str().map(|url| url.strip_prefix(ROOT).unwrap().to_owned());
        }
        assert_eq!((pages, ids.len()), (vec![100, 100, 50], 250));
    }
}

#[test]
fn top_is_the_size_of_each_page() {
    let mut services = TestServices::new();
    let page = services.get(&format!("{PARTNERS}?%24top=2")).json();
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    let link = format!("{ROOT}{PARTNERS}?$top=2&$skiptoken=2");
    assert_eq!(page["@odata.nextLink"], link);
    let rest = services.get(&link).json();
    assert_eq!((rest["value"].as_array().unwrap().len(), rest.get("@odata.nextLink")), (1, None));
    let none = services.get(&format!("{PARTNERS}?$top=0")).json();
    assert_eq!((none["value"].as_array().unwrap().len(), none.get("@odata.nextLink")), (0, None));
    assert_eq!(services.get(&format!("{PARTNERS}?$top=some")).status, 400);
}

#[test]
fn actions_return_204_and_change_the_partner_in_both_versions() {
    let mut services = TestServices::new();
    assert_eq!(services.status_of(FIRST), "onboarded");
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
        let reply = services.post(&path);
        assert_eq!((reply.status, reply.body.as_str(), reply.header("content-type")), (204, "", None), "{path}");
        assert_eq!(services.status_of(&encoded), status, "{path}");
    }
    let partner = services.get(&format!("{beta}/{FIRST}")).json();
    // A day after the start of the clock.
    assert_eq!(partner["onboardingRequestExpiryDateTime"], "1970-01-13T13:46:40Z");
    assert!(partner["@odata.context"].as_str().unwrap().ends_with("/$entity"));
}

#[test]
fn a_deleted_partner_is_unknown_and_no_longer_in_the_list() {
    let mut services = TestServices::new();
    let beta = PARTNERS.replace("v1.0", "beta");
    let reply = services.delete(&format!("{beta}/{}", FIRST.to_uppercase()));
    assert_eq!((reply.status, reply.body.as_str(), reply.header("content-type")), (204, "", None));
    let partner = format!("{PARTNERS}/{FIRST}");
    for reply in [
        services.get(&partner),
        services.delete(&partner),
        services.post(&format!("{partner}/disconnect")),
        services.post(&format!("{partner}/beginOnboarding")),
    ] {
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (404, Some("ResourceNotFound")));
    }
    let page = services.get(&format!("{PARTNERS}?$top=1")).json();
    assert!(page["value"][0]["id"].as_str().unwrap().ends_with("002"), "{page}");
    // A partner that is deleted while the list is read does not hide the next one.
    assert_eq!(services.delete(&format!("{}2", &partner[..partner.len() - 1])).status, 204);
    let next = page["@odata.nextLink"].as_str().unwrap();
    let rest = services.get(next).json();
    assert_eq!((rest["value"].as_array().unwrap().len(), rest.get("@odata.nextLink")), (1, None));
}

#[test]
fn unknown_partners_paths_and_methods_are_rejected_like_in_the_service() {
    let mut services = TestServices::new();
    let partner = format!("{PARTNERS}/{FIRST}");
    let nobody = format!("{PARTNERS}/{NOBODY}");
    for reply in [services.get(&nobody), services.delete(&nobody), services.post(&format!("{nobody}/disconnect"))] {
        assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (404, Some("ResourceNotFound")));
    }
    let wrong = [
        (services.post(PARTNERS), "GET"),
        (services.post(&partner), "DELETE, GET"),
        (services.delete(PARTNERS), "GET"),
        (services.delete(&format!("{partner}/disconnect")), "POST"),
        (services.get(&format!("{partner}/disconnect")), "POST"),
        (services.get("/v1.0/me/revokeSignInSessions"), "POST"),
    ];
    for (reply, allowed) in wrong {
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allowed)));
    }
    let unknown = services.post(&format!("{partner}/connect"));
    assert_eq!(unknown.graph_error(), (400, "Resource not found for the segment 'connect'.".to_owned()));
    assert_eq!(services.status_of(FIRST), "onboarded");
}

#[test]
fn only_the_exact_token_is_accepted() {
    let mut services = TestServices::new();
    let (empty, wrong) = ("Access token is empty.", "CompactToken parsing failed with error code: 80049217");
    let token = services.fixed_token();
    let table = [
        ("", Some(empty)),
        ("Bearer", Some(empty)),
        (&format!("Basic {token}"), Some(empty)),
        ("Bearer e30.e30.", Some(wrong)),
        (&format!("Bearer {token}x"), Some(wrong)),
        (&format!("Bearer {}", token.to_lowercase()), Some(wrong)),
        (&format!("bearer {token}"), None),
    ];
    for (header, message) in table {
        let reply = services.send("GET", PARTNERS, &[(AUTHORIZATION.as_str(), header)], b"");
        match message {
            None => assert_eq!(reply.status, 200),
            Some(message) => {
                assert_eq!(reply.graph_error(), (401, message.to_owned()), "{header}");
                assert_eq!(reply.header(WWW_AUTHENTICATE), Some(r#"Bearer realm="""#));
            }
        }
    }
}

#[test]
fn writes_beyond_the_limit_are_throttled_and_change_nothing() {
    let mut services = TestServices::throttled(2);
    let disconnect = format!("{PARTNERS}/{FIRST}/disconnect");
    assert_eq!([(); 2].map(|()| services.post(&disconnect).status), [204; 2]);
    for reply in
        [services.post(&format!("{PARTNERS}/{FIRST}/beginOnboarding")), services.delete(&format!("{PARTNERS}/{FIRST}"))]
    {
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some("3600.000")));
    }
    assert_eq!(services.status_of(FIRST), "notOnboarded");
    // Five requests so far; reads may use the rest of twenty.
    for _ in 5..20 {
        assert_eq!(services.get(PARTNERS).status, 200);
    }
    assert_eq!(services.get(PARTNERS).status, 429);
}

#[test]
fn a_configured_failure_is_sent_every_time_and_changes_nothing() {
    let status = |status| StatusCode::from_u16(status).unwrap();
    let failures = HashMap::from([(FIRST.to_uppercase(), status(503)), ("not-a-guid".to_owned(), status(418))]);
    let mut services = TestServices::with(Graph::new(ROOT.into(), 3, failures, None));
    for _ in 0..2 {
        for reply in
            [services.post(&format!("{PARTNERS}/{FIRST}/disconnect")), services.delete(&format!("{PARTNERS}/{FIRST}"))]
        {
            assert_eq!((reply.status, reply.header("content-type")), (503, Some("text/html")));
        }
    }
    assert_eq!(services.status_of(FIRST), "onboarded");
    assert_eq!(services.post(&format!("{PARTNERS}/Not-A-GUID/beginOnboarding")).status, 418);
}

#[test]
fn an_expired_token_is_rejected_and_can_be_renewed() {
    let mut services = TestServices::new();
    let (access, refresh) = services.tokens();
    assert_eq!(services.call("GET", PARTNERS, &access).status, 200);
    services.sleep(3_600);
    let expired = services.call("GET", PARTNERS, &access).graph_error();
    assert_eq!(expired, (401, "Lifetime validation failed, the token is expired.".to_owned()));
    assert_eq!(services.call("GET", PARTNERS, &refresh).status, 401);
    let renewed = services.refresh(&refresh, &[]).json();
    assert_eq!(services.call("GET", PARTNERS, renewed["access_token"].as_str().unwrap()).status, 200);
    assert_eq!(services.get(PARTNERS).status, 200);
}

#[test]
fn revoking_sessions_revokes_all_tokens_of_earlier_sign_ins() {
    let mut services = TestServices::new();
    for (version, is_fixed) in [("v1.0", true), ("beta", false)] {
        let (access, refresh) = services.tokens();
        let token = if is_fixed { services.fixed_token() } else { access.clone() };
        services.sleep(10);
        let reply = services.call("POST", &format!("/{version}/me/revokeSignInSessions"), &token);
        let expected = json!({"@odata.context": format!("{ROOT}/{version}/$metadata#Edm.Boolean"), "value": true});
        assert_eq!((reply.status, reply.json()), (200, expected));
        let (status, message) = services.call("GET", PARTNERS, &access).graph_error();
        assert!(status == 401 && message.ends_with("code: TokenIssuedBeforeRevocationTimestamp"), "{message}");
        let reply = services.refresh(&refresh, &[]).json();
        assert_eq!(reply["error_codes"][0], 50173);
        if is_fixed {
            let text = reply["error_description"].as_str().unwrap();
            assert!(text.contains("The grant was issued on '1970-01-12T13:46:42.0000000Z'"), "{text}");
            assert!(text.contains("for this user is '1970-01-12T13:46:52.0000000Z'"), "{text}");
        }
        assert_eq!(services.get(PARTNERS).status, 200);
    }
    let (access, _) = services.tokens();
    assert_eq!(services.call("GET", PARTNERS, &access).status, 200);
}

#[test]
fn only_a_user_can_revoke_sessions_and_only_within_the_limit() {
    let mut services = TestServices::throttled(2);
    let path = "/v1.0/me/revokeSignInSessions";
    let scope = format!("{ROOT}/.default");
    let app = [("grant_type", "client_credentials"), ("client_id", "c"), ("client_secret", "s"), ("scope", &scope)];
    let app = services.post_to("contoso.example", "token", &app).json();
    let reply = services.call("POST", path, app["access_token"].as_str().unwrap());
    let expected = "/me request is only valid with delegated authentication flow.";
    assert_eq!(reply.graph_error(), (400, expected.to_owned()));
    assert_eq!(services.send("POST", path, &[], b"").status, 401);
    assert_eq!(services.post(path).status, 200);
    assert_eq!(services.post(path).status, 429);
}
