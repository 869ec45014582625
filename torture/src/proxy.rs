//! A TCP proxy that breaks what passes through it: the faults of a network, made where no kernel module for them is
//! needed and no privilege.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::dice::Dice;

/// What is wrong with a network now. Changes hold for open connections too. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Each piece of an answer comes this much later: from the first up to the second.
    pub latency: Option<(Duration, Duration)>,
    /// Bytes come in pieces of this size.
    pub slice: Option<usize>,
    /// In so many of 100 new connections, the connection is reset once so many bytes of answers have passed.
    pub limit: Option<Limit>,
    /// The client's side is closed towards the server after its first piece, as by a client that has said everything.
    pub half_close: bool,
    /// Nothing passes, and nothing is closed: what was sent waits until this ends.
    pub blackhole: bool,
    /// New connections are reset at once.
    pub refuse: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub bytes: usize,
    pub percent: u8,
}

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    faults: watch::Sender<Faults>,
    /// Counts the times at which all open connections were reset.
    resets: watch::Sender<u64>,
    listening: JoinHandle<()>,
    heard: Arc<Heard>,
}

/// All that came in, by connection and by whether the client said it; nothing while nobody listens.
#[derive(Debug, Default)]
struct Heard(Mutex<Option<Said>>);

type Said = HashMap<(u64, bool), Vec<u8>>;

impl Heard {
    fn note(&self, connection: u64, by_client: bool, bytes: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(heard) = heard.as_mut() {
            heard.entry((connection, by_client)).or_default().extend_from_slice(bytes);
        }
    }
}

impl Proxy {
    pub async fn start(to: SocketAddr, dice: Arc<Dice>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (faults, resets) = (watch::Sender::new(Faults::default()), watch::Sender::new(0));
        let heard = Arc::new(Heard::default());
        let (shared_faults, shared_resets) = (faults.subscribe(), resets.subscribe());
        let mut shared = Shared {
            faults: shared_faults,
            resets: shared_resets,
            dice,
            heard: Arc::clone(&heard),
            connection: 0,
        };
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                shared.connection += 1;
                tokio::spawn(serve(client, to, shared.clone()));
            }
        });
        Ok(Self { address, faults, resets, listening, heard })
    }

    /// Keeps what passes from now on.
    pub fn listen_in(&self) {
        self.heard.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
    }

    /// What has passed in each direction of each connection since [`listen_in`](Self::listen_in).
    pub fn heard(&self) -> Vec<Vec<u8>> {
        let heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().flatten().map(|(_, bytes)| bytes.clone()).collect()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, faults: Faults) {
        self.faults.send_replace(faults);
    }

    /// Resets every connection that is open now.
    pub fn reset_all(&self) {
        self.resets.send_modify(|resets| *resets += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.reset_all();
    }
}

#[derive(Clone)]
struct Shared {
    faults: watch::Receiver<Faults>,
    resets: watch::Receiver<u64>,
    dice: Arc<Dice>,
    heard: Arc<Heard>,
    /// The number of the connection that this is for.
    connection: u64,
}

impl Shared {
    /// Waits while nothing passes, and says what is wrong now.
    async fn passable(&mut self) -> Faults {
        let faults = self.faults.wait_for(|faults| !faults.blackhole).await.map(|faults| faults.clone()).ok();
        match faults {
            Some(faults) => faults,
            // The proxy is gone, and with it this connection.
            None => std::future::pending().await,
        }
    }
}

async fn serve(client: TcpStream, to: SocketAddr, mut shared: Shared) {
    let faults = shared.passable().await;
    if faults.refuse {
        let _ = client.set_zero_linger();
        return;
    }
    let Ok(server) = TcpStream::connect(to).await else {
        let _ = client.set_zero_linger();
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let limit = faults.limit.filter(|limit| shared.dice.percent(limit.percent)).map(|limit| limit.bytes);
    let mut resets = shared.resets.clone();
    resets.mark_unchanged();
    let (from_client, mut to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut asking = tokio::spawn(ask(from_client, to_server, shared.clone()));
    // The answer's end ends the connection; the request's end alone does not.
    let end = tokio::select! {
        end = answer(from_server, &mut to_client, limit, shared) => end,
        _ = resets.changed() => End::Reset,
    };
    asking.abort();
    // Its half of the client's socket has to be closed too, for what is said to the client to be the last.
    let _ = (&mut asking).await;
    if end == End::Reset {
        // Without a reset an answer that was cut would look like one that has ended.
        let _ = to_client.as_ref().set_zero_linger();
        to_client.forget();
    }
}

/// What the client is to see at the end of its connection.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Close,
    Reset,
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut shared: Shared) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        shared.heard.note(shared.connection, true, &buffer[..length]);
        let faults = shared.passable().await;
        if pass(&mut to, &buffer[..length], &faults).await.is_err() {
            return;
        }
        if faults.half_close {
            break;
        }
    }
    let _ = to.shutdown().await;
}

async fn answer(
    mut from: OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    mut limit: Option<usize>,
    mut shared: Shared,
) -> End {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        shared.heard.note(shared.connection, false, &buffer[..length]);
        let faults = shared.passable().await;
        if let Some((low, high)) = faults.latency {
            tokio::time::sleep(shared.dice.between(low, high)).await;
        }
        let passes = limit.map_or(length, |limit| limit.min(length));
        if pass(to, &buffer[..passes], &faults).await.is_err() {
            return End::Close;
        }
        limit = limit.map(|limit| limit - passes);
        if passes < length || limit == Some(0) {
            return End::Reset;
        }
    }
    End::Close
}

async fn pass(to: &mut OwnedWriteHalf, bytes: &[u8], faults: &Faults) -> std::io::Result<()> {
    for piece in bytes.chunks(faults.slice.unwrap_or(bytes.len()).max(1)) {
        to.write_all(piece).await?;
        if faults.slice.is_some() {
            to.flush().await?;
            // Lets the other side see the pieces one by one.
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }
    Ok(())
}
