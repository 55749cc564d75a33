//! Reads the body of a request, whose length is limited and must be declared.

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::Method;
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::http::request::Parts;

use super::graph::GraphError;

/// The longest body, in bytes. Only sign-ins send one: a few thousand bytes with an assertion.
const BODY_LIMIT: usize = 64 * 1024;

pub(super) async fn read<B>(body: B) -> Result<Bytes, GraphError>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return Err(GraphError::BodyTooLong);
    }
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(GraphError::BodyTooLong),
        Err(_) => Err(GraphError::BodyBroken),
    }
}

/// A POST must declare the length of its body, even if it is empty (source: graph-facts, "The resource").
pub(super) fn check_length(head: &Parts) -> Result<(), GraphError> {
    let has_length = head.headers.contains_key(CONTENT_LENGTH) || head.headers.contains_key(TRANSFER_ENCODING);
    if head.method == Method::POST && !has_length { Err(GraphError::LengthRequired) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit() {
        for (length, expected) in [(BODY_LIMIT, Ok(BODY_LIMIT)), (BODY_LIMIT + 1, Err(GraphError::BodyTooLong))] {
            let body = Full::new(Bytes::from(vec![0; length]));
            // A mapped body, like a chunked one, does not know its length in advance.
            assert_eq!(read(body.clone().map_frame(|frame| frame)).await.map(|body| body.len()), expected);
            assert_eq!(read(body).await.map(|body| body.len()), expected);
        }
    }
}
