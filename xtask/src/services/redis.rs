//! Is there a Redis server?

use std::io::{Read, Write};

use super::address::Address;

pub fn probe(url: &str) -> Result<(), String> {
    let mut stream = Address::parse(url, 6379)?.connect()?;
    stream.write_all(b"PING\r\n").map_err(|error| error.to_string())?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).map_err(|error| error.to_string())?;
    // A server that wants a password first is a Redis server as well.
    let known = answer == *b"+PONG" || answer == *b"-NOAU";
    known.then_some(()).ok_or_else(|| "does not answer as Redis does".to_owned())
}
