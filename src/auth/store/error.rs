//! Why the keyring cannot be used.

use std::fmt;
use std::time::Duration;

use secrecy::zeroize::Zeroize as _;

/// How long to wait for the keyring.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Why a secret could not be read, saved or deleted. Contains no part of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// There is no keyring, or it failed: the reason, for the user.
    Unavailable(String),
    /// The keyring took longer than 3 s.
    TimedOut,
    /// Another process has been writing for 2 s.
    Busy,
    /// There are entries, but they are incomplete or of another layout. Saving replaces them, deleting removes them.
    Damaged,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(reason) => write!(f, "the keyring cannot be used: {reason}"),
            Self::TimedOut => write!(
                f,
                "the keyring did not answer within {} s; it may be locked and waiting for its password",
                ANSWER_WITHIN.as_secs()
            ),
            Self::Busy => f.write_str("another intunectl is writing to the keyring, or is suspended (Ctrl-Z)"),
            Self::Damaged => {
                f.write_str("the keyring entry of this profile is incomplete or from another version of intunectl")
            }
        }
    }
}

impl std::error::Error for StoreError {}

impl From<keyring::Error> for StoreError {
    fn from(error: keyring::Error) -> Self {
        use keyring::Error as E;
        match error {
            // A Secret Service without a default collection (never unlocked) also reports this.
            E::NoStorageAccess(why) => {
                Self::Unavailable(format!("it is locked, not set up yet, or denies access ({why})"))
            }
            // On a machine without a desktop, libdbus reports a failed autolaunch, which explains nothing.
            E::PlatformFailure(why) if why.to_string().contains("autolaunch") => {
                Self::Unavailable("this machine has no keyring service (no D-Bus session)".to_owned())
            }
            E::PlatformFailure(why) => Self::Unavailable(format!("its service is missing or failed ({why})")),
            // These two contain the bytes read, which may be a part of a secret.
            E::BadEncoding(mut bytes) | E::BadDataFormat(mut bytes, _) => {
                bytes.zeroize();
                Self::Damaged
            }
            E::NoEntry | E::BadStoreFormat(_) | E::Ambiguous(_) => Self::Damaged,
            E::TooLong(what, limit) => Self::Unavailable(format!("the {what} exceeds {limit} characters")),
            E::Invalid(what, why) => Self::Unavailable(format!("invalid {what} ({why})")),
            E::NotSupportedByStore(what) => Self::Unavailable(format!("unsupported operation ({what})")),
            // The messages of variants added later may contain debug output, so they are not shown.
            _ => Self::Unavailable("unknown error".into()),
        }
    }
}
