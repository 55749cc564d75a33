//! Why Entra refused a sign-in, and what an administrator can do about it.
//!
//! The OAuth `error` is coarse; the number in Entra's `error_description` is what tells one cause from another.
//! Microsoft says that numbers and words may change at any time and that no program may depend on them. So nothing
//! here does: what to do next is decided by the OAuth `error` elsewhere, and these hints are an addition for people.
//!
//! Source, unless a line names another: "Microsoft Entra authentication and authorization error codes".

/// A refusal by Entra, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraError {
    /// The number after `AADSTS`.
    pub number: Option<u32>,
    /// Entra's sentence, its code included; the OAuth error in plain words if Entra gave none. Never empty. It has
    /// no line breaks, but may hold other control characters.
    pub sentence: String,
    /// The id that Microsoft's support asks for.
    pub correlation_id: Option<String>,
}

const PREFIX: &str = "AADSTS";
/// What follows the sentence: parts with these names, each on a line of its own in older answers.
const TAIL: [&str; 5] = ["\r", "\n", "Trace ID:", "Correlation ID:", "Timestamp:"];

/// Reads OAuth's `error` and the `error_description` that came with it.
pub fn read(error: &str, description: Option<&str>) -> EntraError {
    let said = description.unwrap_or_default();
    // Some answers begin with the text of another layer.
    let mut codes = said.match_indices(PREFIX).filter_map(|(at, _)| said.get(at..));
    let coded = codes.find_map(|text| Some((text, digits(text.strip_prefix(PREFIX)?)?)));
    let text = coded.map_or(said, |(text, _)| text).trim_start();
    let end = TAIL.into_iter().filter_map(|part| text.find(part)).min().unwrap_or(text.len());
    let sentence = text.get(..end).unwrap_or(text).trim();
    EntraError {
        number: coded.and_then(|(_, digits)| digits.parse().ok()),
        sentence: if sentence.is_empty() { describe_oauth_error(error).to_owned() } else { sentence.to_owned() },
        correlation_id: correlation_id(said),
    }
}

fn digits(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).filter(|digits| !digits.is_empty())
}

/// The last one: the sentence before it may quote anything.
fn correlation_id(said: &str) -> Option<String> {
    let (_, rest) = said.rsplit_once("Correlation ID:")?;
    let id: String = rest.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    (!id.is_empty()).then_some(id)
}

/// An OAuth error in plain words; an unknown code as it is.
/// Sources: RFC 6749, sections 4.1.2.1 and 5.2; RFC 8628, section 3.5; OpenID Connect Core, section 3.1.2.6; "Microsoft
/// identity platform and the OAuth 2.0 device authorization grant flow", which has two names of its own.
fn describe_oauth_error(error: &str) -> &str {
    let code = error.trim().split(['\r', '\n']).next().unwrap_or_default();
    match code.trim_end() {
        "" => "no reason given",
        "access_denied" | "authorization_declined" => "the sign-in was declined",
        "authorization_pending" | "slow_down" => "the sign-in is not finished yet",
        "expired_token" => "the code expired before the sign-in was finished",
        "bad_verification_code" => "the device code is not one that the service knows",
        "invalid_grant" => "what was saved or given to sign in with is no longer valid, or never was",
        "invalid_client" => "the application's credentials were not accepted",
        "unauthorized_client" => "the application may not sign in in this way, or is not known in the tenant",
        "interaction_required" | "login_required" => "somebody has to sign in again",
        "consent_required" => "nobody has consented to what the application asks for",
        "invalid_scope" => "the service does not know the permission that was asked for",
        "invalid_resource" => "the tenant does not know the service that the token is for",
        "invalid_request" => "the sign-in service does not accept the request",
        "unsupported_grant_type" | "unsupported_response_type" => {
            "the sign-in service does not know this way to sign in"
        }
        "server_error" => "the sign-in service failed",
        "temporarily_unavailable" => "the sign-in service is too busy at the moment",
        code => code,
    }
}

/// What to do about an `AADSTS` number; `login` is the command that signs in.
pub fn hint(number: u32, login: &str) -> Option<String> {
    words(number).map(|words| words.replace("{login}", login))
}

fn words(number: u32) -> Option<&'static str> {
    let words = match number {
        // Which account, which tenant, which cloud.
        16_000 | 16_003 | 50_014 | 50_020 | 50_034 | 51_004 | 90_072 => {
            "the account is not in this tenant: sign in with one that is, or name its tenant with --tenant ID|DOMAIN. \
             An administrator of the tenant can also invite it as a guest"
        }
        500_208 => "sign in with a work or school account of the tenant: Intune is not for personal accounts",
        50_059 | 50_128 | 90_019 => {
            "name the tenant with --tenant ID|DOMAIN, or with AZURE_TENANT_ID where an application signs in"
        }
        // 900023: microsoftgraph/microsoft-graph-docs#13158.
        90_002 | 900_023 => {
            "there is no such tenant in this cloud: check --tenant ID|DOMAIN (AZURE_TENANT_ID where an application \
             signs in) and --cloud"
        }
        // 900439: "Error AADSTS900439 - USGClientNotSupportedOnPublicEndpoint".
        90_038 | 90_051 | 900_382 | 900_432 | 900_439 => {
            "the tenant or the application is in another cloud: name it with --cloud (global, gcc-high, dod, china)"
        }
        50_194 | 90_130 | 9_001_023 => {
            "this application signs in only where the tenant is named: give --tenant ID|DOMAIN, or AZURE_TENANT_ID \
             where an application signs in"
        }
        50_002 | 500_021 | 500_022 => {
            "the network here lets people sign in to certain tenants only (tenant restrictions): check --tenant, or \
             try from another network"
        }
        500_212 | 500_213 => {
            "the cross-tenant access settings do not let this account in: sign in with an account of the tenant \
             itself, or ask an administrator of either tenant"
        }

        // Consent.
        65_001 | 90_008 | 90_094 | 90_095 | 90_099 => {
            "an administrator of the tenant must consent to DeviceManagementServiceConfig.ReadWrite.All for this \
             application: in the Entra admin center, Enterprise applications, the application, Permissions"
        }
        65_004 => {
            "run it again and accept what the application asks for, or have an administrator consent to \
             DeviceManagementServiceConfig.ReadWrite.All for the tenant"
        }
        65_005 | 650_056 | 650_057 => {
            "the application's registration does not ask for Microsoft Graph: add \
             DeviceManagementServiceConfig.ReadWrite.All under API permissions there, and have an administrator \
             consent"
        }
        65_002 => {
            "this is an application of Microsoft's own that may not ask for this permission: name another with \
             --client-id ID"
        }

        // Conditional Access and risk.
        53_002 | 53_003 | 50_131 | 530_032 | 530_035 => {
            "a Conditional Access policy or the security defaults block this sign-in. Many tenants block device codes: \
             try --browser, from a device and a network that the policy allows; the sign-in log in the Entra admin \
             center names the policy"
        }
        // 530033: Azure/azure-cli#27919. That a device code cannot show the device: AzureAD/MSAL.PS#51.
        50_005 | 50_097 | 50_129 | 53_000 | 53_001 | 530_033 => {
            "the tenant wants a device that it manages, which a device code cannot show: use --browser on such a device"
        }
        53_011 | 530_034 => {
            "the account counts as at risk: an administrator can look into it in Entra ID Protection, and release it"
        }
        50_053 => {
            "the account is locked for a while, or this network's address is blocked; the sign-in log in the Entra \
             admin center says which"
        }

        // The account.
        50_072 | 50_074 | 50_076 | 50_078 | 50_079 | 50_158 | 53_004 => {
            "the tenant wants multifactor authentication: sign in again with `{login}`, and confirm or \
             set it up on the page that opens"
        }
        50_055 | 50_125 | 50_144 => {
            "the password has expired or must be changed: change it in the browser, then sign in again with `{login}`"
        }
        // 500571: "Error AADSTS500571 - Guest user account is disabled".
        50_057 | 500_571 => "the account is disabled: use another, or have an administrator of the tenant enable it",
        50_105 => {
            "the account is not assigned to the application: an administrator can assign it in the Entra admin center, \
             Enterprise applications, the application, Users and groups"
        }

        // What was saved to sign in with.
        50_089 | 50_132 | 50_133 | 50_139 | 50_173 | 70_000 | 70_008 | 70_043 | 700_020 | 700_082 | 700_084 => {
            "the saved sign-in has expired or was revoked: sign in again with `{login}`"
        }
        54_005 => "each code from the browser works once: sign in again with `{login}`",

        // Device codes.
        70_016 => "finish signing in in the browser before the code expires",
        70_018 => "the code that was typed is not the one that was shown: run it again, and type the new code",
        // 70020: Azure/azure-cli#22251.
        70_019 | 70_020 => "the code expired before it was used: run it again for a new one, or use --browser",
        90_120 => "this code was accepted or declined already: run it again for a new one",

        // The application's registration.
        // 7000229: Azure/Commercial-Marketplace-SaaS-Accelerator#830.
        70_001 | 700_011 | 700_016 | 7_000_229 => {
            "the tenant does not have this application: check --client-id ID and --tenant ID|DOMAIN (AZURE_CLIENT_ID \
             and AZURE_TENANT_ID where an application signs in), and whether an administrator has consented to it \
             there"
        }
        7_000_112 => {
            "the application is disabled in this tenant: an administrator can enable it in the Entra admin center, \
             Enterprise applications, the application, Properties"
        }
        // How it comes about: "Error AADSTS7000218 when a confidential client application authenticates".
        7_000_218 => {
            "the application is not a public client: in its registration, under Authentication, turn on \"Allow public \
             client flows\", and have http://localhost under \"Mobile and desktop applications\" instead of \"Web\". \
             An application that signs in as itself needs AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE"
        }
        700_025 => {
            "the application is a public client, which cannot sign in as itself: turn off \"Allow public client \
             flows\" in its registration, or sign in as a person with `{login}`"
        }
        50_011 | 70_004 | 900_971 => {
            "in the application's registration, under Authentication, add http://localhost to \"Mobile and desktop \
             applications\"; or sign in with --device-code"
        }
        // AzureAD/microsoft-authentication-library-for-js#2482.
        9_002_327 => {
            "in the application's registration, under Authentication, move http://localhost from \"Single-page \
             application\" to \"Mobile and desktop applications\""
        }
        50_001 | 70_011 | 500_011 => {
            "this tenant does not know Microsoft Graph, or the permission, by that address: check --cloud, --graph-url \
             and --tenant"
        }

        // An application that signs in as itself: its secret, or another service's token.
        7_000_222 => {
            "the secret has expired: make a new one in the application's registration, under Certificates & secrets, \
             and put its value into AZURE_CLIENT_SECRET"
        }
        70_002 | 7_000_215 => {
            "AZURE_CLIENT_SECRET must be the secret's Value, not its Secret ID, and belong to the application in \
             AZURE_CLIENT_ID. The value is shown only once: make a new secret where it is lost"
        }
        // 70021, 700211, 700213, 70025: Azure DevOps, "Troubleshoot an Azure Resource Manager workload identity service
        // connection". 7002138, another case than the credential's: Azure/login#515. That a new credential takes
        // minutes: "Important considerations and restrictions for federated identity credentials".
        70_021 | 70_025 | 700_211 | 700_213 | 7_002_138 => {
            "no federated credential of the application in AZURE_CLIENT_ID has the token's issuer and subject: compare \
             them letter for letter, under Certificates & secrets, Federated credentials. A new one takes some minutes \
             to work"
        }
        // hashicorp/terraform-provider-azuread#1755. The values: "Configure an application to trust a managed
        // identity".
        700_212 => {
            "the federated credential has another audience than the token: make them the same, by custom \
             api://AzureADTokenExchange (US Government: api://AzureADTokenExchangeUSGov, China: \
             api://AzureADTokenExchangeChina)"
        }
        // The same Azure DevOps page.
        700_223 | 700_238 => {
            "the tenant restricts federated credentials: an administrator must allow this issuer for applications"
        }
        // The same Azure DevOps page; Azure/login#372.
        700_024 => {
            "the federated token (AZURE_FEDERATED_TOKEN_FILE) is too old, or not valid yet: have it issued shortly \
             before it is used, and check the clock of the machine that issues it"
        }
        50_027 | 700_027 => {
            "the federated token (AZURE_FEDERATED_TOKEN_FILE) is damaged, or not signed with a key that its issuer \
             publishes: have it issued anew"
        }

        // What passes.
        50_033 | 70_012 | 90_006 | 90_012 | 90_024 | 90_033 | 90_090 => {
            "this is a passing fault of the sign-in service: try again in some minutes"
        }
        50_196 | 90_055 => "too many tokens were asked for in a short time: wait some minutes, then try again",
        _ => return None,
    };
    Some(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::permission;

    const ID: &str = "aaaa0000-bb11-2222-33cc-444444dddddd";

    fn parts(error: &str, description: &str) -> (Option<u32>, String, Option<String>) {
        let EntraError { number, sentence, correlation_id } = read(error, Some(description));
        (number, sentence, correlation_id)
    }

    #[test]
    fn the_sentence_ends_where_the_ids_begin() {
        let said = "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value, app 'x'.";
        for (between, before) in [(" ", " "), ("\r\n", "\r\n"), ("\n", "\n"), (" ", "\t \u{a0}")] {
            let description = format!(
                "{said}{before}Trace ID: 0000-11bb{between}Correlation ID: {ID}{between}Timestamp: 2016-01-09 02:02:12Z"
            );
            let expected = (Some(7_000_215), said.to_owned(), Some(ID.to_owned()));
            assert_eq!(parts("invalid_client", &description), expected, "{description:?}");
        }
    }

    #[test]
    fn whatever_is_missing_is_done_without() {
        for (description, number, sentence, id) in [
            ("AADSTS65001: No consent.", Some(65_001), "AADSTS65001: No consent.", None),
            (" AADSTS53003 ", Some(53_003), "AADSTS53003", None),
            ("AADSTS53003: a\rb", Some(53_003), "AADSTS53003: a", None),
            ("AADSTS1: a Correlation ID: x-1.", Some(1), "AADSTS1: a", Some("x-1")),
            ("AADSTS1: a Timestamp: now", Some(1), "AADSTS1: a", None),
            ("AADSTS1: a Correlation ID: ", Some(1), "AADSTS1: a", None),
            ("AADSTS1: a Correlation ID: quoted Correlation ID: real", Some(1), "AADSTS1: a", Some("real")),
            ("invalid_grant: AADSTS70008: It expired.", Some(70_008), "AADSTS70008: It expired.", None),
            ("AADSTS is no code, AADSTS2: is", Some(2), "AADSTS2: is", None),
            ("AADSTS99999999999: x", None, "AADSTS99999999999: x", None),
            ("AADSTS: x", None, "AADSTS: x", None),
            ("The end-user denied it.", None, "The end-user denied it.", None),
            ("\r\nsaid late", None, "said late", None),
            ("Trace ID: t Correlation ID: c", None, "the sign-in was declined", Some("c")),
            ("AADSTS5: ağ–\u{1f511}Trace ID: é", Some(5), "AADSTS5: ağ–\u{1f511}", None),
            (" \r\n", None, "the sign-in was declined", None),
            ("", None, "the sign-in was declined", None),
        ] {
            let expected = (number, sentence.to_owned(), id.map(str::to_owned));
            assert_eq!(parts("access_denied", description), expected, "{description:?}");
        }
    }

    #[test]
    fn an_error_without_a_description_is_put_in_plain_words() {
        for (error, part) in [
            ("access_denied", "declined"),
            ("authorization_declined", "declined"),
            ("expired_token", "expired"),
            ("bad_verification_code", "device code"),
            ("invalid_grant", "no longer valid"),
            ("server_error", "failed"),
            ("temporarily_unavailable", "busy"),
            ("", "no reason given"),
            ("something_new", "something_new"),
            (" something\r\nforged", "something"),
        ] {
            let reason = read(error, None);
            assert!(reason.sentence.contains(part), "{error}: {}", reason.sentence);
            assert!(!reason.sentence.contains("forged"), "{error}");
            assert_eq!((reason.number, reason.correlation_id), (None, None), "{error}");
        }
    }

    #[test]
    fn a_hint_names_what_helps() {
        for (number, part) in [
            (50_020, "--tenant ID|DOMAIN"),
            (50_059, "AZURE_TENANT_ID"),
            (900_023, "--cloud"),
            (900_439, "--cloud"),
            (50_194, "--tenant ID|DOMAIN"),
            (65_001, permission::ASKED),
            (65_004, permission::ASKED),
            (650_057, permission::ASKED),
            (53_003, "--browser"),
            (530_033, "--browser"),
            (50_076, "`{login}`"),
            (700_082, "`{login}`"),
            (70_043, "`{login}`"),
            (70_020, "--browser"),
            (700_016, "--client-id ID"),
            (7_000_218, "\"Allow public client flows\""),
            (50_011, "http://localhost"),
            (9_002_327, "\"Mobile and desktop applications\""),
            (500_011, "--graph-url"),
            (7_000_222, "AZURE_CLIENT_SECRET"),
            (7_000_215, "not its Secret ID"),
            (700_211, "AZURE_CLIENT_ID"),
            (700_212, "api://AzureADTokenExchangeUSGov"),
            (700_024, "AZURE_FEDERATED_TOKEN_FILE"),
            (90_033, "try again"),
        ] {
            let hint = words(number).unwrap_or_default();
            assert!(hint.contains(part), "{number}: {hint:?}");
        }
        assert!(hint(700_082, "log in").unwrap().ends_with("`log in`"));
        for unknown in [0, 1, 50_199, u32::MAX] {
            assert_eq!(words(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_hint_reads_as_one_line_of_a_prompt() {
        let hints: Vec<_> = (0..10_000_000).filter_map(|number| Some((number, words(number)?))).collect();
        assert!(hints.len() > 80, "{}", hints.len());
        for (number, hint) in hints {
            let sentences = hint.matches(". ").count() + 1;
            assert!(sentences <= 2 && !hint.ends_with('.') && !hint.contains("  "), "{number}: {hint}");
            assert!(!hint.contains('\n') && hint == hint.trim(), "{number}: {hint}");
        }
    }

    /// Texts that come near what is looked for, besides any text at all.
    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "[0-9]{0,12}",
            "\\PC{0,3}",
            Just("AADSTS".to_owned()),
            Just("Trace ID:".to_owned()),
            Just("Correlation ID:".to_owned()),
            Just("\r\n".to_owned()),
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_fail(error in texts(), description in proptest::option::of(texts())) {
            let reason = read(&error, description.as_deref());
            prop_assert!(!reason.sentence.trim().is_empty());
            prop_assert!(!reason.sentence.contains(['\r', '\n']));
            prop_assert!(reason.correlation_id.is_none_or(|id| !id.is_empty() && id.is_ascii()));
            let numbered = reason.number.is_none() || reason.sentence.starts_with(PREFIX);
            prop_assert!(numbered, "{}", reason.sentence);
        }
    }
}
