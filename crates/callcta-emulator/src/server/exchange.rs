//! HTTP to receivers of webhooks, on this machine only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;

/// As much of an answer as is read.
const ANSWER_MAX: usize = 64 << 10;
/// As much of it as is kept.
const ANSWER_KEPT: usize = 2_000;

/// The verification handshake: whether the receiver echoed the challenge, its status and answer.
pub(crate) async fn verify(
    url: &str,
    verify_token: &str,
    timeout: Duration,
) -> Result<(bool, u16, String), String> {
    let challenge = "1158201444";
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!(
        "{url}{separator}hub.mode=subscribe&hub.verify_token={}&hub.challenge={challenge}",
        utf8_percent_encode(verify_token, NON_ALPHANUMERIC)
    );
    let (status, answer) = exchange(Method::GET, &url, &[], String::new(), timeout).await?;
    Ok((status == 200 && answer.trim() == challenge, status, answer))
}

/// A header of a webhook, if it has it.
pub(super) type Signature<'a> = (&'static str, Option<&'a str>);

pub(super) async fn exchange(
    method: Method,
    url: &str,
    signatures: &[Signature<'_>],
    body: String,
    timeout: Duration,
) -> Result<(u16, String), String> {
    tokio::time::timeout(timeout, exchange_unbounded(method, url, signatures, body))
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} ms", timeout.as_millis())))
}

async fn exchange_unbounded(
    method: Method,
    url: &str,
    signatures: &[Signature<'_>],
    body: String,
) -> Result<(u16, String), String> {
    let (uri, addresses) = target(url)?;
    let stream = connect(&addresses).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let mut request = Request::builder()
        .method(method)
        .uri(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(
            header::HOST,
            uri.authority().map_or("", |host| host.as_str()),
        )
        .header(header::USER_AGENT, "callcta-emulator");
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, signature) in signatures {
        if let Some(signature) = signature {
            request = request.header(*name, *signature);
        }
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| error.to_string())?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_MAX)
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes();
        let text: String = String::from_utf8_lossy(&body)
            .chars()
            .take(ANSWER_KEPT)
            .collect();
        Ok((status, text))
    };
    tokio::pin!(connection);
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        result = &mut exchange => result,
        _ = &mut connection => exchange.await,
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut last = String::from("no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

/// Reads a receiver's URL; only plain HTTP to this machine is taken.
pub(crate) fn target(url: &str) -> Result<(Uri, Vec<SocketAddr>), String> {
    let uri: Uri = url
        .parse()
        .map_err(|_| "the webhook url is not a URL".to_owned())?;
    if uri.scheme_str() != Some("http") {
        return Err("the webhook url must start with http://".into());
    }
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(80);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = if host.eq_ignore_ascii_case("localhost") {
        vec![
            IpAddr::from(Ipv4Addr::LOCALHOST),
            Ipv6Addr::LOCALHOST.into(),
        ]
    } else {
        match host.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => vec![ip],
            _ => return Err("the webhook url must name localhost or a loopback address".into()),
        }
    };
    Ok((
        uri,
        addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, port))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_a_target() {
        assert!(target("http://127.0.0.1:8080/hook?x=1").is_ok());
        assert!(target("http://localhost/hook").is_ok());
        assert!(target("http://[::1]:81/").is_ok());
        for bad in [
            "https://127.0.0.1/",
            "http://example.com/",
            "http://10.0.0.1/",
            "ftp://127.0.0.1/",
            "",
            "localhost",
        ] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
