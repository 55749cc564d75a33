//! What can be wrong with a keyring.

use std::fmt;
use std::time::Duration;

use secrecy::zeroize::Zeroize as _;

/// How long a keyring may take to answer before it counts as none.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Why a secret could not be read, saved or deleted. Holds nothing of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// There is no keyring, or it refuses: the reason, in words for the user.
    Unavailable(String),
    /// The keyring took longer than 3 s.
    TimedOut,
    /// Another process has been writing for 2 s.
    Busy,
    /// There are entries, but they are torn or of another layout. Saving replaces them, deleting removes them.
    Damaged,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(reason) => write!(f, "the keyring cannot be used: {reason}"),
            Self::TimedOut => write!(
                f,
                "the keyring did not answer within {} s: it may be locked and waiting for its password",
                ANSWER_WITHIN.as_secs()
            ),
            Self::Busy => f.write_str("another intunectl is writing to the keyring, or is suspended"),
            Self::Damaged => {
                f.write_str("what the keyring holds for this profile is incomplete or was written by another version")
            }
        }
    }
}

impl std::error::Error for StoreError {}

impl From<keyring::Error> for StoreError {
    fn from(error: keyring::Error) -> Self {
        use keyring::Error as E;
        match error {
            // Also what a Secret Service says that has no default collection yet (a daemon never unlocked).
            E::NoStorageAccess(why) => {
                Self::Unavailable(format!("it is locked, not set up yet, or denies access ({why})"))
            }
            // libdbus's words for a machine without a desktop, which mention everything but that.
            E::PlatformFailure(why) if why.to_string().contains("autolaunch") => {
                Self::Unavailable("there is no D-Bus session here, as on most servers and in containers".to_owned())
            }
            E::PlatformFailure(why) => Self::Unavailable(format!("its service is missing or failed ({why})")),
            // These two carry what was read, which may be a part of a secret.
            E::BadEncoding(mut bytes) | E::BadDataFormat(mut bytes, _) => {
                bytes.zeroize();
                Self::Damaged
            }
            E::NoEntry | E::BadStoreFormat(_) | E::Ambiguous(_) => Self::Damaged,
            E::TooLong(what, limit) => {
                Self::Unavailable(format!("it allows no {what} of more than {limit} characters"))
            }
            E::Invalid(what, why) => Self::Unavailable(format!("it refuses the {what} ({why})")),
            E::NotSupportedByStore(what) => Self::Unavailable(format!("it cannot do what is needed ({what})")),
            // `Error` may grow. Its texts may hold debug output, so they are not passed on.
            _ => Self::Unavailable("it failed in an unknown way".into()),
        }
    }
}
