//! Errors of sign-ins, in the form of Entra's errors.
//!
//! Codes and sentences come from the reference (Microsoft Entra, "authentication and authorization error codes") or, if
//! it has none, from responses in public issue reports.

use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, PRAGMA};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::sandbox::http::{Trace, respond, set};

const JSON: &str = "application/json; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EntraError {
    UnknownEndpoint,
    WrongMethod { allowed: &'static str, received: String },
    Malformed,
    Repeated(String),
    Missing(&'static str),
    UnknownGrantType(String),
    InvalidScope(String),
    NotDefaultScope(String),
    UnknownTenant(String),
    NoTenant,
    NoCredential,
    SecretExpired { client_id: String },
    SecretWrong { client_id: String },
    Pending,
    SlowDown,
    DeviceCodeExpired,
    DeviceCodeUnknown,
    InvalidGrant,
    UnknownGrant,
    CodeUsed,
    CodeExpired,
    OtherRedirect { now: String, then: String },
    VerifierWrong,
    Revoked { issued: String, valid_from: String },
    RedirectRefused { client_id: String, redirect_uri: String },
    ResponseType(String),
    ChallengeMethod,
    ChallengeSize,
}

impl EntraError {
    /// The error as a JSON response.
    pub(super) fn response(&self, trace: &Trace) -> Response<Bytes> {
        let (_, error, code, _) = self.details();
        let body = json!({
            "error": error,
            "error_description": format!(
                "{} Trace ID: {} Correlation ID: {} Timestamp: {}",
                self.sentence(), trace.request_id, trace.client_request_id, timestamp(trace),
            ),
            "error_codes": [code],
            "timestamp": timestamp(trace),
            "trace_id": trace.request_id,
            "correlation_id": trace.client_request_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        let mut response = json_response(self.status(), &body);
        self.mark(&mut response);
        response
    }

    /// Adds the headers that belong to the status.
    pub(super) fn mark(&self, response: &mut Response<Bytes>) {
        if let Self::WrongMethod { allowed, .. } = self {
            set(response, ALLOW, allowed);
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.details().0).unwrap_or(StatusCode::BAD_REQUEST)
    }

    /// The code and its meaning: `AADSTSnnnnn: …`.
    pub(super) fn sentence(&self) -> String {
        let (_, _, code, message) = self.details();
        format!("AADSTS{code}: {message}")
    }

    /// The HTTP status, the OAuth error, and Entra's code and message.
    fn details(&self) -> (u16, &'static str, u32, String) {
        match self {
            Self::UnknownEndpoint => (404, "invalid_request", 9002313, INVALID_REQUEST.into()),
            Self::WrongMethod { allowed, received } => {
                let message = format!("The endpoint only accepts {allowed} requests. Received a {received} request.");
                (405, "invalid_request", 900561, message)
            }
            // Unreadable parameters, or an invalid value.
            Self::Malformed => (400, "invalid_request", 9002313, INVALID_REQUEST.into()),
            Self::Repeated(name) => {
                let message = format!("The request is not properly formatted. The parameter '{name}' is duplicated.");
                (400, "invalid_request", 9000411, message)
            }
            Self::Missing(name) => {
                let message = format!("The request body must contain the following parameter: '{name}'.");
                (400, "invalid_request", 900144, message)
            }
            Self::UnknownGrantType(name) => {
                let message = format!("The app requested an unsupported grant type '{name}'.");
                (400, "unsupported_grant_type", 70003, message)
            }
            // A scope of another service, or no scope.
            Self::InvalidScope(scope) => {
                let message = format!(
                    "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
                );
                (400, "invalid_scope", 70011, message)
            }
            Self::NotDefaultScope(scope) => {
                let message = format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a scope \
                     value with /.default suffixed to the resource identifier (application ID URI)."
                );
                (400, "invalid_scope", 1002012, message)
            }
            // Source of the message: Azure/azure-cli#23130.
            Self::UnknownTenant(name) => {
                let message = format!(
                    "Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into \
                     the correct cloud. Check with your subscription administrator, this may happen if there are no \
                     active subscriptions for the tenant."
                );
                (400, "invalid_tenant", 90002, message)
            }
            Self::NoTenant => {
                let message = "No tenant-identifying information found in either the request or implied by any \
                               provided credentials.";
                (400, "invalid_request", 50059, message.into())
            }
            Self::NoCredential => {
                let message = "'client_assertion', 'client_secret' or 'request' is required for the \
                               'client_credentials' grant type.";
                (401, "invalid_client", 7000216, message.into())
            }
            Self::SecretExpired { client_id } => {
                let message = format!(
                    "The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to \
                     create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate \
                     credentials for added security: https://aka.ms/certCreds."
                );
                (401, "invalid_client", 7000222, message)
            }
            Self::SecretWrong { client_id } => {
                let message = format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                     value, not the client secret ID, for a secret added to app '{client_id}'."
                );
                (401, "invalid_client", 7000215, message)
            }
            Self::Pending => {
                let message = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
                (400, "authorization_pending", 70016, message.into())
            }
            // Entra's reference has no code for it. The sign-in is still pending.
            Self::SlowDown => {
                let message = "OAuth 2.0 device flow error. Authorization is pending. Slow down polling.";
                (400, "slow_down", 70016, message.into())
            }
            Self::DeviceCodeExpired => {
                let message = "The provided value for the input parameter 'device_code' is not valid. This device \
                               code has expired.";
                (400, "expired_token", 70020, message.into())
            }
            Self::DeviceCodeUnknown => {
                let message = "The provided value for the input parameter 'device_code' is not valid.";
                (400, "bad_verification_code", 70018, message.into())
            }
            // A used device code or refresh token, or a code or token of another client.
            Self::InvalidGrant => (400, "invalid_grant", 70000, "Provided grant is invalid or malformed.".into()),
            // No such authorization code or refresh token.
            Self::UnknownGrant => (400, "invalid_grant", 9002313, INVALID_REQUEST.into()),
            Self::CodeUsed => {
                let message = "OAuth2 Authorization code was already redeemed, please retry with a new valid code or \
                               use an existing refresh token.";
                (400, "invalid_grant", 54005, message.into())
            }
            Self::CodeExpired => {
                let message = "The provided authorization code or refresh token has expired due to inactivity. Send a \
                               new interactive authorization request for this user and resource.";
                (400, "invalid_grant", 70008, message.into())
            }
            Self::OtherRedirect { now, then } => {
                let message = format!(
                    "The reply address '{now}' does not match the reply address '{then}' provided when requesting \
                     Authorization code."
                );
                (400, "invalid_grant", 500112, message)
            }
            Self::VerifierWrong => {
                let message =
                    "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
                (400, "invalid_grant", 501481, message.into())
            }
            // All sessions were revoked after the refresh token was issued.
            Self::Revoked { issued, valid_from } => {
                let message = format!(
                    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user \
                     might have changed or reset their password. The grant was issued on '{issued}' and the \
                     TokensValidFrom date (before which tokens are not valid) for this user is '{valid_from}'."
                );
                (400, "invalid_grant", 50173, message)
            }
            // The redirect URI does not lead to this machine.
            Self::RedirectRefused { client_id, redirect_uri } => {
                let message = format!(
                    "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs \
                     configured for the application '{client_id}'. Make sure the redirect URI sent in the request \
                     matches one added to your application in the Azure portal."
                );
                (400, "invalid_request", 50011, message)
            }
            Self::ResponseType(name) => {
                let message = format!("response_type '{name}' is not enabled for the application.");
                (400, "unsupported_response_type", 700051, message)
            }
            Self::ChallengeMethod => (400, "invalid_request", 50149, "Invalid Code_Challenge_method parameter.".into()),
            // The challenge is not a SHA-256.
            Self::ChallengeSize => (400, "invalid_request", 501491, "Invalid size of Code_Challenge parameter.".into()),
        }
    }
}

const INVALID_REQUEST: &str = "Invalid request. Request is malformed or invalid.";

/// JSON that no cache may keep (RFC 6749, section 5.1).
pub(super) fn json_response(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = respond(status, JSON, body.to_string());
    set(&mut response, CACHE_CONTROL, "no-store");
    set(&mut response, PRAGMA, "no-cache");
    response
}

/// The time of an error: UTC to the second, with a space in the middle.
pub(super) fn timestamp(trace: &Trace) -> String {
    humantime::format_rfc3339_seconds(trace.time).to_string().replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderMap;
    use std::time::{Duration, SystemTime};

    #[test]
    fn an_error_has_entras_fields_and_the_ids_of_the_request() {
        let trace = Trace::of(&HeaderMap::new(), SystemTime::UNIX_EPOCH + Duration::from_millis(1_706_781_600_999));
        let response = EntraError::Missing("client_id").response(&trace);
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let id = &trace.request_id;
        let expected = json!({
            "error": "invalid_request",
            "error_description": format!(
                "AADSTS900144: The request body must contain the following parameter: 'client_id'. \
                 Trace ID: {id} Correlation ID: {id} Timestamp: 2024-02-01 10:00:00Z"
            ),
            "error_codes": [900144],
            "timestamp": "2024-02-01 10:00:00Z",
            "trace_id": id,
            "correlation_id": id,
            "error_uri": "https://login.microsoftonline.com/error?code=900144",
        });
        assert_eq!(serde_json::from_slice::<Value>(response.body()).unwrap(), expected);
    }
}
