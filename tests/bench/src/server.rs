//! A loopback server that answers every POST alike, as cheaply as it can.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

/// A thousand clients may connect at the same moment.
const BACKLOG: i32 = 4096;
/// A thread has next to nothing on its stack, and there may be a thousand.
const STACK: usize = 128 * 1024;
/// Of a request: a batch has up to 50 messages.
const LARGEST: usize = 1024 * 1024;

const ANSWER: &str = r#"{"recipient_id":"1254477777772919","message_id":"m_AG5Hz2Uq7tuwNEhXfYYKj8mJEM_QPpz5jdCK48PnKAjSdjfipqxqMvK8ma6AC8fplwlqLP_5cgXIbu7I3rBN0P"}"#;

#[derive(Default)]
struct Shared {
    posts: AtomicU64,
    connections: AtomicU64,
    delay_ns: AtomicU64,
    keep_bodies: AtomicBool,
    last_body: Mutex<Vec<u8>>,
    keep_arrivals: AtomicBool,
    arrivals: Mutex<Vec<Arrival>>,
}

/// A Page and when a message of it came.
pub type Arrival = (u64, Instant);

/// Runs until the process ends.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    pub fn start() -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from(socket);
        let address = listener.local_addr()?;
        let shared = Arc::<Shared>::default();
        let for_all = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&for_all);
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let started = thread::Builder::new()
                    .stack_size(STACK)
                    // An error is the end of the connection; its client will tell.
                    .spawn(move || drop(serve(&stream, &shared)));
                drop(started);
            }
        });
        Ok(Server { address, shared })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How long every answer is held back from now on.
    pub fn set_delay(&self, delay: Duration) {
        let ns = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        self.shared.delay_ns.store(ns, Ordering::Relaxed);
    }

    /// POSTs received and connections accepted so far.
    pub fn counts(&self) -> (u64, u64) {
        (
            self.shared.posts.load(Ordering::Acquire),
            self.shared.connections.load(Ordering::Acquire),
        )
    }

    /// Whether bodies are kept, so that the last one can be looked at.
    pub fn keep_bodies(&self, yes: bool) {
        self.shared.keep_bodies.store(yes, Ordering::Release);
    }

    /// Whether it is noted when requests come.
    pub fn keep_arrivals(&self, yes: bool) {
        self.shared.keep_arrivals.store(yes, Ordering::Release);
    }

    pub fn take_arrivals(&self) -> Vec<Arrival> {
        let arrivals = self.shared.arrivals.lock();
        std::mem::take(&mut *arrivals.unwrap_or_else(PoisonError::into_inner))
    }

    pub fn last_body(&self) -> Vec<u8> {
        let body = self.shared.last_body.lock();
        body.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(mut stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    )
    .into_bytes();
    let recipient = digits_of_id(&answer, "recipient_id").ok_or(io::ErrorKind::InvalidData)?;
    let mut buffer = vec![0; 16 * 1024];
    let mut filled = 0;
    loop {
        let (body_at, end) = loop {
            if let Some((body_at, end)) = request(&buffer[..filled])? {
                if end <= filled {
                    break (body_at, end);
                }
                if end > LARGEST {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if end > buffer.len() {
                    buffer.resize(end, 0);
                }
            }
            match stream.read(&mut buffer[filled..])? {
                0 => return Ok(()),
                count => filled += count,
            }
        };
        let batched = page(&buffer)
            .is_none()
            .then(|| batch(&buffer[body_at..end]));
        if shared.keep_arrivals.load(Ordering::Acquire) {
            let now = Instant::now();
            let arrivals = shared.arrivals.lock();
            let mut arrivals = arrivals.unwrap_or_else(PoisonError::into_inner);
            match &batched {
                Some(items) => arrivals.extend(items.iter().map(|item| (item.0, now))),
                None => arrivals.push((page(&buffer).unwrap_or(0), now)),
            }
        }
        if shared.keep_bodies.load(Ordering::Acquire) {
            let mut last = shared
                .last_body
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *last = buffer[body_at..end].to_vec();
        }
        shared.posts.fetch_add(1, Ordering::Release);
        let delay = shared.delay_ns.load(Ordering::Relaxed);
        if delay > 0 {
            thread::sleep(Duration::from_nanos(delay));
        }
        if let Some(items) = batched {
            stream.write_all(&answer_to_batch(&items))?;
            buffer.copy_within(end..filled, 0);
            filled -= end;
            continue;
        }
        // Who isn't the one written to would be taken for somebody else's answer.
        if let Some(psid) = digits_of_id(&buffer[body_at..end], "id")
            && psid.len() == recipient.len()
        {
            answer[recipient.clone()].copy_from_slice(&buffer[body_at..end][psid]);
        }
        stream.write_all(&answer)?;
        buffer.copy_within(end..filled, 0);
        filled -= end;
    }
}

/// The Page in the path of a request, if there is one that is a number; a batch has none.
fn page(request: &[u8]) -> Option<u64> {
    let path = request.split(|byte| *byte == b' ').nth(1)?;
    let page = path.split(|byte| *byte == b'/').nth(2)?;
    std::str::from_utf8(page).ok()?.parse().ok()
}

/// Page and recipient of each message in a batch, as it lies in its form.
fn batch(form: &[u8]) -> Vec<(u64, String)> {
    let text = decoded(form);
    let json = text.find('[').map_or("", |at| &text[at..]);
    // Other fields of the form may follow.
    let mut items = serde_json::Deserializer::from_str(json).into_iter::<Vec<Value>>();
    let items = items.next().and_then(Result::ok).unwrap_or_default();
    let digits = |text: &str| -> String {
        let digit = |c: &char| c.is_ascii_digit();
        text.chars().take_while(digit).collect()
    };
    let read = |item: &Value| {
        let page = digits(item["relative_url"].as_str().unwrap_or_default());
        let body = item["body"].as_str().unwrap_or_default();
        let psid = body.split_once("recipient=%7B%22id%22%3A%22");
        let psid = psid.map(|(_, rest)| digits(rest)).unwrap_or_default();
        (page.parse().unwrap_or(0), psid)
    };
    items.iter().map(read).collect()
}

/// Without the percent signs of a form.
fn decoded(form: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(form.len());
    let mut rest = form;
    while let [first, after @ ..] = rest {
        rest = after;
        let code = match (first, after) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|code| u8::from_str_radix(code, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        if code.is_some() {
            rest = &after[2..];
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn answer_to_batch(items: &[(u64, String)]) -> Vec<u8> {
    let items = items.iter().map(|(_, psid)| {
        format!(r#"{{"code":200,"headers":[],"body":"{{\"recipient_id\":\"{psid}\",\"message_id\":\"m_{psid}\"}}"}}"#)
    });
    let body = format!("[{}]", items.collect::<Vec<_>>().join(","));
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Where the digits of a field are, if it has some.
fn digits_of_id(json: &[u8], name: &str) -> Option<Range<usize>> {
    let name = format!("\"{name}\"");
    let windows = json.windows(name.len());
    let mut after = windows.enumerate().filter(|(_, at)| *at == name.as_bytes());
    let after = after.next()?.0 + name.len();
    let digit = |byte: &u8| byte.is_ascii_digit();
    let start = after + json[after..].iter().position(digit)?;
    let count = json[start..].iter().take_while(|byte| digit(byte)).count();
    Some(start..start + count)
}

/// Where the body of the first request begins and ends, once its head is whole.
fn request(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(head_end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..head_end]).map_err(|_| io::ErrorKind::InvalidData)?;
    if !head.starts_with("POST ") {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let length = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .ok_or(io::ErrorKind::Unsupported)?;
    Ok(Some((head_end + 4, head_end + 4 + length)))
}
