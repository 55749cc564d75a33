//! The meaning of a path of the API.

use hyper::Method;

use super::error::GraphError;
use super::partners::Version;
use crate::sandbox::http::percent_decode;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    List,
    Partner(String),
    Disconnect(String),
    BeginOnboarding(String),
    RevokeSessions,
}

impl Route {
    /// Parses the segments of a path. An error names the first one that is unknown. OData allows a qualified name for
    /// an action.
    pub(super) fn parse(segments: &[&str]) -> Result<(Version, Self), GraphError> {
        let (version, rest) = match segments {
            ["v1.0", rest @ ..] => (Version::V1, rest),
            ["beta", rest @ ..] => (Version::Beta, rest),
            _ => return Err(unknown(segments.first())),
        };
        let route = match rest {
            ["deviceManagement", "remoteAssistancePartners"] => Self::List,
            ["deviceManagement", "remoteAssistancePartners", id] => Self::Partner(percent_decode(id)),
            ["deviceManagement", "remoteAssistancePartners", id, action] => match unqualified(action) {
                "disconnect" => Self::Disconnect(percent_decode(id)),
                "beginOnboarding" => Self::BeginOnboarding(percent_decode(id)),
                _ => return Err(unknown(Some(action))),
            },
            ["deviceManagement", "remoteAssistancePartners", _, _, ..] => return Err(unknown(rest.get(4))),
            ["me", action] if unqualified(action) == "revokeSignInSessions" => Self::RevokeSessions,
            ["me", action, _, ..] if unqualified(action) == "revokeSignInSessions" => return Err(unknown(rest.get(2))),
            ["deviceManagement" | "me", _, ..] => return Err(unknown(rest.get(1))),
            _ => return Err(unknown(rest.first())),
        };
        Ok((version, route))
    }

    pub(super) fn check_method(&self, method: &Method) -> Result<(), GraphError> {
        let allowed = match self {
            Self::List => "GET",
            Self::Partner(_) => "DELETE, GET",
            Self::Disconnect(_) | Self::BeginOnboarding(_) | Self::RevokeSessions => "POST",
        };
        if allowed.split(", ").any(|allowed| allowed == method.as_str()) {
            Ok(())
        } else {
            Err(GraphError::WrongMethod { allowed })
        }
    }
}

fn unqualified(action: &str) -> &str {
    action.strip_prefix("microsoft.graph.").unwrap_or(action)
}

fn unknown(segment: Option<&&str>) -> GraphError {
    GraphError::UnknownSegment(segment.map(|segment| percent_decode(segment)).unwrap_or_default())
}

/// The value of a query option that is a non-negative integer.
pub(super) fn query_number(query: &str, name: &str) -> Result<Option<usize>, GraphError> {
    let mut options = query.split('&').map(|option| option.split_once('=').unwrap_or((option, "")));
    let Some((_, value)) = options.find(|(key, _)| percent_decode(key) == name) else {
        return Ok(None);
    };
    let value = percent_decode(value);
    let number = value.parse().map_err(|_| {
        GraphError::BadQueryOption(format!(
            "Invalid value '{value}' for {name} query option found. \
             The {name} query option requires a non-negative integer value."
        ))
    })?;
    Ok(Some(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_the_reference_are_recognized_in_both_versions() {
        let id = || "A b".to_owned();
        let partners = "deviceManagement/remoteAssistancePartners";
        let table = [
            (partners.to_owned(), Route::List),
            (format!("{partners}/A%20b"), Route::Partner(id())),
            (format!("{partners}/A%20b/disconnect"), Route::Disconnect(id())),
            (format!("{partners}/A%20b/microsoft.graph.disconnect"), Route::Disconnect(id())),
            (format!("{partners}/A%20b/beginOnboarding"), Route::BeginOnboarding(id())),
            (format!("{partners}/A%20b/microsoft.graph.beginOnboarding"), Route::BeginOnboarding(id())),
            ("me/revokeSignInSessions".to_owned(), Route::RevokeSessions),
            ("me/microsoft.graph.revokeSignInSessions".to_owned(), Route::RevokeSessions),
        ];
        for (path, route) in table {
            let segments: Vec<_> = path.split('/').collect();
            assert_eq!(Route::parse(&[&["v1.0"], &segments[..]].concat()).unwrap().0, Version::V1);
            assert_eq!(Route::parse(&[&["beta"], &segments[..]].concat()), Ok((Version::Beta, route)));
        }
    }

    #[test]
    fn an_error_names_the_first_unknown_segment() {
        let table = [
            ("", ""),
            ("v2.0/deviceManagement", "v2.0"),
            ("v1.0", ""),
            ("v1.0/me", "me"),
            ("v1.0/me/messages/1", "messages"),
            ("beta/me/revokeSignInSessions/now", "now"),
            ("v1.0/deviceManagement", "deviceManagement"),
            ("v1.0/deviceManagement/remote%20Partners/1", "remote Partners"),
            ("v1.0/deviceManagement/remoteAssistancePartners/1/Disconnect", "Disconnect"),
            ("v1.0/deviceManagement/remoteAssistancePartners/1/disconnect/x", "x"),
        ];
        for (path, segment) in table {
            let segments: Vec<_> = path.split('/').collect();
            assert_eq!(Route::parse(&segments), Err(GraphError::UnknownSegment(segment.into())), "{path}");
        }
    }

    #[test]
    fn numbers_in_query_options_are_parsed_as_in_odata() {
        assert_eq!(query_number("", "$top"), Ok(None));
        assert_eq!(query_number("$skip=1&$top=7&$top=8", "$top"), Ok(Some(7)));
        assert_eq!(query_number("a=b&%24top=%37", "$top"), Ok(Some(7)));
        for query in ["$top", "$top=", "$top=-1", "$top=x", "$top=99999999999999999999999"] {
            assert!(matches!(query_number(query, "$top"), Err(GraphError::BadQueryOption(_))), "{query}");
        }
    }
}
