//! Why Entra refused a sign-in, and what an administrator can do about it.
//!
//! The OAuth `error` is coarse; the number in Entra's `error_description` names the cause. Microsoft says that numbers
//! and texts may change at any time and that programs must not depend on them. These hints are only for people: the
//! program itself acts on the OAuth `error`, elsewhere.
//!
//! Source, unless a line names another: "Microsoft Entra authentication and authorization error codes".

/// The parts of a refusal by Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraError {
    /// The number after `AADSTS`.
    pub number: Option<u32>,
    /// Entra's sentence with its code, or if there is none, the OAuth error in plain words. Never empty. Contains no
    /// line breaks, but perhaps other control characters.
    pub sentence: String,
    /// The ID that Microsoft Support asks for.
    pub correlation_id: Option<String>,
}

const PREFIX: &str = "AADSTS";
/// The parts that follow the sentence, in older answers each on its own line.
const TAIL: [&str; 5] = ["\r", "\n", "Trace ID:", "Correlation ID:", "Timestamp:"];

/// Reads an OAuth `error` and its `error_description`.
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

/// The last one, because the sentence before it may quote anything.
fn correlation_id(said: &str) -> Option<String> {
    let (_, rest) = said.rsplit_once("Correlation ID:")?;
    let id: String = rest.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    (!id.is_empty()).then_some(id)
}

/// An OAuth error in plain words; an unknown error unchanged.
/// Sources: RFC 6749, sections 4.1.2.1 and 5.2; RFC 8628, section 3.5; OpenID Connect Core, section 3.1.2.6; "Microsoft
/// identity platform and the OAuth 2.0 device authorization grant flow", which adds two.
fn describe_oauth_error(error: &str) -> &str {
    let code = error.trim().split(['\r', '\n']).next().unwrap_or_default();
    match code.trim_end() {
        "" => "the server gave no reason",
        "access_denied" | "authorization_declined" => "the sign-in was declined",
        "authorization_pending" | "slow_down" => "the sign-in is not complete yet",
        "expired_token" => "the code expired before the sign-in was complete",
        "bad_verification_code" => "the sign-in service does not know the device code",
        "invalid_grant" => "the credential is not valid, has expired or was revoked",
        "invalid_client" => "the application credentials are not valid",
        "unauthorized_client" => "the application is not in the tenant, or may not use this sign-in method",
        "interaction_required" | "login_required" => "a new sign-in is required",
        "consent_required" => "the application has no consent for its permissions",
        "invalid_scope" => "the sign-in service does not know the requested permission",
        "invalid_resource" => "the tenant does not know the requested resource",
        "invalid_request" => "the request is not valid",
        "unsupported_grant_type" | "unsupported_response_type" => {
            "the sign-in service does not support this sign-in method"
        }
        "server_error" => "the sign-in service failed",
        "temporarily_unavailable" => "the sign-in service is too busy",
        code => code,
    }
}

/// A number with the hint for an OAuth error that came without one.
pub fn like(error: &str) -> Option<u32> {
    match error.trim() {
        "expired_token" | "authorization_pending" | "slow_down" => Some(70_016),
        "authorization_declined" => Some(65_004),
        "server_error" | "temporarily_unavailable" => Some(90_033),
        _ => None,
    }
}

/// The hint for an `AADSTS` number; `login` is the command that signs in.
pub fn hint(number: u32, login: &str) -> Option<String> {
    words(number).map(|words| words.replace("{login}", login))
}

fn words(number: u32) -> Option<&'static str> {
    let words = match number {
        // Account, tenant and cloud.
        16_000 | 16_003 | 50_014 | 50_020 | 50_034 | 51_004 | 90_072 => {
            "use an account of this tenant, give the account's tenant with --tenant ID|DOMAIN, or invite the account as \
             a guest"
        }
        500_208 => "sign in with a work or school account; Intune accepts no personal accounts",
        50_059 | 50_128 | 50_194 | 90_019 | 90_130 | 9_001_023 => "give the tenant with --tenant ID|DOMAIN",
        // 900023: microsoftgraph/microsoft-graph-docs#13158.
        90_002 | 900_023 => {
            "check the spelling of the tenant in --tenant or AZURE_TENANT_ID. If it is right, check --cloud"
        }
        // 900439: "Error AADSTS900439 - USGClientNotSupportedOnPublicEndpoint".
        90_038 | 90_051 | 900_382 | 900_432 | 900_439 => {
            "use --cloud with the tenant's cloud (global, gcc-high, dod, china). The application must be in the same cloud"
        }
        50_002 | 500_021 | 500_022 => {
            "check --tenant. If it is right, allow the tenant in the tenant restrictions of this network, or use another network"
        }
        500_212 | 500_213 => {
            "use an account of the tenant itself, or allow this account: Entra admin center > External Identities > \
             Cross-tenant access settings"
        }

        // Consent.
        65_001 | 90_008 | 90_094 | 90_095 | 90_099 => {
            "grant admin consent for DeviceManagementServiceConfig.ReadWrite.All: Entra admin center > Enterprise \
             applications > the application > Permissions"
        }
        65_004 => {
            "sign in again and accept the permissions, or ask an administrator to consent to \
             DeviceManagementServiceConfig.ReadWrite.All"
        }
        65_005 | 650_056 | 650_057 => {
            "in the app registration, under API permissions, add Microsoft Graph's \
             DeviceManagementServiceConfig.ReadWrite.All, and grant consent"
        }
        65_002 => "use an app registration of your own with --client-id ID; this application cannot get the permission",

        // Conditional Access and risk.
        53_002 | 53_003 | 50_131 | 530_032 | 530_035 => {
            "see Entra admin center > Sign-in logs for the policy that blocks this. If it blocks device codes, add --browser"
        }
        // 530033: Azure/azure-cli#27919. With a device code, Entra cannot see the device: AzureAD/MSAL.PS#51.
        50_005 | 50_097 | 50_129 | 53_000 | 53_001 | 530_033 => {
            "run the command with --browser, on a device that the policy allows. With a code, Entra cannot see the device"
        }
        53_011 | 530_034 => {
            "ask an administrator of the account's own tenant to check the account: Entra admin center > ID Protection > Risky users"
        }
        50_053 => {
            "wait if the account is locked; use another network if the IP address is blocked (Entra admin center > Sign-in logs)"
        }

        // The account.
        50_072 | 50_074 | 50_076 | 50_078 | 50_079 | 50_158 | 53_004 => {
            "sign in again with `{login}`, and complete multifactor authentication in the browser, or set it up there"
        }
        50_055 | 50_125 | 50_144 => "change the password in a browser, then sign in again with `{login}`",
        // 500571: "Error AADSTS500571 - Guest user account is disabled".
        50_057 | 500_571 => "use another account, or ask an administrator of the tenant to enable this account",
        50_105 => {
            "assign the account to the application: Entra admin center > Enterprise applications > the application > Users and groups"
        }

        // A saved sign-in, or a code from the browser. Each code works once.
        50_089 | 50_132 | 50_133 | 50_139 | 50_173 | 54_005 | 70_000 | 70_008 | 70_043 | 700_020 | 700_082
        | 700_084 => "sign in again with `{login}`",

        // Device codes.
        70_016 => "sign in again, and complete the sign-in in the browser before the code expires",
        70_018 => "sign in again, and enter the new code exactly as shown",
        // 70020: Azure/azure-cli#22251.
        70_019 | 70_020 => "sign in again, and enter the new code before it expires, or add --browser",
        90_120 => "sign in again; each code works only once",

        // The app registration.
        // 7000229: Azure/Commercial-Marketplace-SaaS-Accelerator#830.
        70_001 | 700_011 | 700_016 | 7_000_229 => {
            "check --client-id ID or AZURE_CLIENT_ID, and the tenant. An administrator of the tenant has to consent to the \
             application"
        }
        7_000_112 => {
            "enable the application: Entra admin center > Enterprise applications > the application > Properties > Enabled for users to sign-in"
        }
        // Entra also sends it if http://localhost is under "Web": "Error AADSTS7000218 when a confidential client
        // application authenticates".
        7_000_218 => {
            "in the app registration, under Authentication, turn on \"Allow public client flows\" and move http://localhost \
             to \"Mobile and desktop applications\""
        }
        700_025 => {
            "turn off \"Allow public client flows\" in the app registration, or sign in with `{login}` and use --profile"
        }
        50_011 | 70_004 | 900_971 => {
            "in the app registration, under Authentication, add http://localhost to \"Mobile and desktop \
             applications\", or use --device-code"
        }
        // AzureAD/microsoft-authentication-library-for-js#2482.
        9_002_327 => {
            "in the app registration, under Authentication, move http://localhost from \"Single-page application\" to \
             \"Mobile and desktop applications\""
        }
        50_001 | 70_011 | 500_011 => "check that --cloud, --graph-url and --tenant belong to the same cloud",

        // An application's credential: a secret, or a federated token.
        7_000_222 => {
            "create a new client secret in the app registration, under Certificates & secrets, and put its Value into \
             AZURE_CLIENT_SECRET"
        }
        70_002 | 7_000_215 => {
            "set AZURE_CLIENT_SECRET to the Value (not the Secret ID) of the application's secret. If you do not have it, \
             create a new secret"
        }
        // 70021, 700211, 700213, 70025: Azure DevOps, "Troubleshoot an Azure Resource Manager workload identity service
        // connection". 7002138 is about upper and lower case: Azure/login#515. A new credential works after some
        // minutes: "Important considerations and restrictions for federated identity credentials".
        70_021 | 70_025 | 700_211 | 700_213 | 7_002_138 => {
            "in the application AZURE_CLIENT_ID, add a federated credential with exactly the token's issuer and subject. It \
             works after some minutes"
        }
        // hashicorp/terraform-provider-azuread#1755. The values: "Configure an application to trust a managed
        // identity".
        700_212 => {
            "the token and the federated credential need the audience api://AzureADTokenExchange (gcc-high, dod: \
             append USGov; china: append China)"
        }
        // The same Azure DevOps page.
        700_223 | 700_238 => {
            "ask an administrator whether a policy of the tenant blocks this issuer of federated tokens"
        }
        // The same Azure DevOps page; Azure/login#372.
        700_024 => {
            "get a new federated token (AZURE_FEDERATED_TOKEN_FILE) just before the command, and check the clock of its issuer"
        }
        50_027 | 700_027 => {
            "get a new federated token (AZURE_FEDERATED_TOKEN_FILE). Its issuer has to publish the public key of the signature"
        }

        // Temporary.
        50_033 | 50_196 | 70_012 | 90_006 | 90_012 | 90_024 | 90_033 | 90_055 | 90_090 => "try again in a few minutes",
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
    fn trace_and_correlation_ids_are_not_part_of_the_sentence() {
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
    fn any_part_of_a_description_may_be_missing() {
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
    fn an_error_without_a_description_is_described_in_plain_words() {
        for (error, part) in [
            ("access_denied", "declined"),
            ("authorization_declined", "declined"),
            ("expired_token", "expired"),
            ("bad_verification_code", "device code"),
            ("invalid_grant", "revoked"),
            ("server_error", "failed"),
            ("temporarily_unavailable", "busy"),
            ("", "the server gave no reason"),
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
    fn a_hint_names_the_option_variable_or_setting_that_helps() {
        for (number, part) in [
            (50_020, "--tenant ID|DOMAIN"),
            (50_059, "--tenant ID|DOMAIN"),
            (900_023, "AZURE_TENANT_ID"),
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
            (7_000_215, "not the Secret ID"),
            (700_211, "AZURE_CLIENT_ID"),
            (700_212, "USGov"),
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
    fn every_hint_is_short_and_has_at_most_two_sentences() {
        let hints: Vec<_> = (0..10_000_000).filter_map(|number| Some((number, words(number)?))).collect();
        assert!(hints.len() > 80, "{}", hints.len());
        for (number, hint) in hints {
            let sentences = hint.matches(". ").count() + 1;
            assert!(hint.len() <= 145, "{number}: {} characters: {hint}", hint.len());
            assert!(sentences <= 2 && !hint.ends_with('.') && !hint.contains("  "), "{number}: {hint}");
            assert!(!hint.contains('\n') && hint == hint.trim(), "{number}: {hint}");
        }
    }

    /// Any text, and texts that resemble a description.
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
        fn any_text_can_be_read(error in texts(), description in proptest::option::of(texts())) {
            let reason = read(&error, description.as_deref());
            prop_assert!(!reason.sentence.trim().is_empty());
            prop_assert!(!reason.sentence.contains(['\r', '\n']));
            prop_assert!(reason.correlation_id.is_none_or(|id| !id.is_empty() && id.is_ascii()));
            let numbered = reason.number.is_none() || reason.sentence.starts_with(PREFIX);
            prop_assert!(numbered, "{}", reason.sentence);
        }
    }
}
