//! Partner IDs: what one is.

mod id;
