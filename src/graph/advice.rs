//! What to do when a call fails, in words for an administrator.

/// What changing a partner needs.
/// Source: Microsoft Graph reference, `intune-remoteassistance-remoteassistancepartner-disconnect`.
pub const WRITE_PERMISSION: &str = "DeviceManagementServiceConfig.ReadWrite.All";
/// What reading is content with. Source: the same reference, `-list`.
pub const READ_PERMISSION: &str = "DeviceManagementServiceConfig.Read.All";

/// What a call was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read partners.
    Read,
    /// To change one.
    Write,
}

/// What to do about an answer to a token that is, or is not, one of an application that acts for itself.
pub fn for_status(status: u16, purpose: Purpose, is_app_only: Option<bool>) -> Option<String> {
    // Source: graph-facts, "The resource".
    let app_only = match is_app_only {
        Some(true) => "; the token is app-only, and app-only access may not be enabled for this tenant",
        Some(false) => "",
        None => "; if the token is app-only, that may not be enabled for this tenant",
    };
    let permission = match purpose {
        Purpose::Read => READ_PERMISSION,
        Purpose::Write => WRITE_PERMISSION,
    };
    let words = match (status, purpose) {
        (401, _) => format!(
            "the service does not accept the token: it may have expired, be for another service, or lack \
             {permission}{app_only}. Get a new one and run again"
        ),
        (403, _) => format!(
            "the token needs the permission {permission}, the account a role in Intune that includes it, and the tenant \
             an active Intune licence{app_only}"
        ),
        (404, Purpose::Read) => {
            "there is no such API at this root: check --graph-url, --cloud and --api-version".to_owned()
        }
        (404, Purpose::Write) => {
            "no such partner, or no such API at this root; `intunectl partner list` shows the IDs that there are"
                .to_owned()
        }
        (429, Purpose::Read) => "other programs may be using up the tenant's limit: try again later".to_owned(),
        (429, Purpose::Write) => {
            "other programs may be using up the tenant's limit: try again later, or with a lower --rate".to_owned()
        }
        (300..=399, _) => {
            "something between here and Graph redirects requests: check the proxy, a captive portal, and \
                           --graph-url"
                .to_owned()
        }
        _ => return None,
    };
    Some(format!("{status}: {words}"))
}
