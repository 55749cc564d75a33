//! The scopes of a sign-in: permissions of Graph, and the scopes of OpenID Connect.

/// The permission that the sandbox's administrator has consented to for every application.
const CONSENTED: &str = "DeviceManagementServiceConfig.ReadWrite.All";

/// The scope that means all consented permissions.
const DEFAULT: &str = ".default";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scopes {
    /// The scopes of OpenID Connect, including `offline_access`.
    openid: Vec<String>,
    /// Graph's permissions, without the root.
    permissions: Vec<String>,
}

impl Scopes {
    /// Parses the value of `scope`. The error is the scope that is invalid for the Graph at `root`.
    pub(super) fn parse(text: &str, root: &str) -> Result<Self, String> {
        let mut scopes = Self { openid: Vec::new(), permissions: Vec::new() };
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            let below_root = scope.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
            match (scope, below_root) {
                ("openid" | "profile" | "email" | "offline_access", _) => scopes.openid.push(scope.to_owned()),
                (_, Some(permission)) if permission == DEFAULT || is_permission(permission) => {
                    scopes.permissions.push(permission.to_owned());
                }
                (permission, None) if is_permission(permission) => scopes.permissions.push(permission.to_owned()),
                _ => return Err(scope.to_owned()),
            }
        }
        // `.default` means all permissions and cannot be combined with a named permission.
        let has_default = scopes.permissions.iter().any(|permission| permission == DEFAULT);
        if has_default && scopes.permissions.len() > 1 {
            return Err(format!("{root}/{DEFAULT}"));
        }
        if scopes.openid.is_empty() && scopes.permissions.is_empty() {
            return Err(text.to_owned());
        }
        Ok(scopes)
    }

    /// An application that signs in as itself can only request `.default`.
    pub(super) fn of_application() -> Self {
        Self { openid: Vec::new(), permissions: vec![DEFAULT.to_owned()] }
    }

    /// Whether the client requests a scope of OpenID Connect: `openid` for an ID token, `offline_access` for a refresh
    /// token.
    pub(super) fn has(&self, scope: &str) -> bool {
        self.openid.iter().any(|name| name == scope)
    }

    /// The granted permissions, without Graph's root, as in the claims of an access token.
    pub(super) fn permissions(&self) -> Vec<&str> {
        self.permissions.iter().map(|name| if name == DEFAULT { CONSENTED } else { name.as_str() }).collect()
    }

    /// The granted scopes as in a response: with Graph's root, and without `offline_access`.
    pub(super) fn granted(&self, root: &str) -> String {
        let mut granted: Vec<_> = self.shown_openid().map(str::to_owned).collect();
        granted.extend(self.permissions().iter().map(|permission| format!("{root}/{permission}")));
        if self.permissions.iter().any(|permission| permission == DEFAULT) {
            granted.push(format!("{root}/{DEFAULT}"));
        }
        granted.join(" ")
    }

    /// The claim `scp`: all granted scopes, without Graph's root.
    pub(super) fn scp(&self) -> String {
        self.shown_openid().chain(self.permissions()).collect::<Vec<_>>().join(" ")
    }

    fn shown_openid(&self) -> impl Iterator<Item = &str> {
        self.openid.iter().map(String::as_str).filter(|scope| *scope != "offline_access")
    }
}

/// Whether a text looks like the name of a permission, such as `User.Read`. The sandbox does not know which ones exist.
fn is_permission(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "http://127.0.0.1:80";

    #[test]
    fn a_scope_is_a_permission_with_or_without_the_root_or_one_of_openid() {
        let root = |rest: &str| format!("{ROOT}/{rest}");
        let table = [
            ("User.Read".to_owned(), "User.Read", root("User.Read")),
            (root("User.Read"), "User.Read", root("User.Read")),
            (format!("  openid   {} ", root("A.B")), "openid A.B", format!("openid {}", root("A.B"))),
            ("offline_access openid profile email".into(), "openid profile email", "openid profile email".into()),
            ("offline_access".into(), "", String::new()),
            (root(".default"), CONSENTED, format!("{} {}", root(CONSENTED), root(".default"))),
        ];
        for (text, scp, granted) in table {
            let scopes = Scopes::parse(&text, ROOT).unwrap();
            assert_eq!((scopes.scp(), scopes.granted(ROOT)), (scp.to_owned(), granted), "{text}");
            for scope in ["openid", "offline_access"] {
                assert_eq!(scopes.has(scope), text.contains(scope), "{text}");
            }
        }
        assert_eq!(Scopes::of_application(), Scopes::parse(&root(".default"), ROOT).unwrap());
    }

    #[test]
    fn the_error_names_the_invalid_scope() {
        let below = format!("{ROOT}/");
        let foreign = "https://graph.microsoft.com/User.Read";
        let double = format!("{ROOT}//.default");
        let mixed = format!("{ROOT}/.default User.Read");
        let default = format!("{ROOT}/.default");
        let table = [
            ("", ""),
            ("  ", "  "),
            (foreign, foreign),
            ("openid https://graph.microsoft.com/.default", "https://graph.microsoft.com/.default"),
            ("http://127.0.0.1:8080/User.Read", "http://127.0.0.1:8080/User.Read"),
            (&double, &double),
            (&below, &below),
            (ROOT, ROOT),
            (&mixed, &default),
            (".default", ".default"),
            ("User.Read\u{a0}openid", "User.Read\u{a0}openid"),
            ("<b>", "<b>"),
            ("a/b", "a/b"),
            ("openid \"x\"", "\"x\""),
        ];
        for (text, scope) in table {
            assert_eq!(Scopes::parse(text, ROOT), Err(scope.to_owned()), "{text}");
        }
    }
}
