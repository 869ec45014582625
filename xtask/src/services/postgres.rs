//! Is there a PostgreSQL server, and would it let us in? Asked with its own handshake, because a port that
//! accepts connections may belong to anything, or to a server that refuses this user or database.

use std::io::{Read, Write};

use super::address::Address;

const PROTOCOL_3_0: i32 = 196_608;
const LONGEST_MESSAGE: usize = 64 * 1024;

/// What a local server often has: a superuser `postgres` or one named like the developer.
pub fn defaults() -> Vec<String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut users = vec!["postgres".to_owned()];
    if let Some(user) = variable("USER").filter(|user| user != "postgres") {
        users.push(user);
    }
    if let Some(user) = variable("PGUSER") {
        users.insert(0, user);
    }
    let databases =
        variable("PGDATABASE").map_or_else(|| vec!["test".to_owned(), "postgres".to_owned()], |db| vec![db]);
    let url = |user: &String, database: &String| format!("postgres://{user}@127.0.0.1:5432/{database}");
    users.iter().flat_map(|user| databases.iter().map(move |database| url(user, database))).collect()
}

/// Asks for a session and waits until the server is ready for queries, or says that it wants a password.
pub fn probe(url: &str) -> Result<(), String> {
    let address = Address::parse(url, 5432)?;
    let mut stream = address.connect()?;
    let user = address.user.unwrap_or("postgres");
    let database = if address.path.is_empty() { user } else { address.path };
    stream.write_all(&startup_message(user, database)).map_err(|error| error.to_string())?;
    loop {
        let (kind, body) = read_message(&mut stream)?;
        match kind {
            b'R' if body.starts_with(&[0; 4]) => {}
            b'R' if address.has_password => return Ok(()),
            b'R' => return Err("asks for a password, and the URL has none".to_owned()),
            b'E' => return Err(message_of(&body)),
            b'Z' => {
                // A polite goodbye keeps the server's log quiet; nothing depends on it.
                let _ = stream.write_all(&[b'X', 0, 0, 0, 4]);
                return Ok(());
            }
            _ => {}
        }
    }
}

fn startup_message(user: &str, database: &str) -> Vec<u8> {
    let mut body = PROTOCOL_3_0.to_be_bytes().to_vec();
    for word in ["user", user, "database", database] {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = i32::try_from(body.len() + 4).unwrap_or(i32::MAX);
    [&length.to_be_bytes()[..], &body].concat()
}

fn read_message(stream: &mut impl Read) -> Result<(u8, Vec<u8>), String> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).map_err(|error| format!("does not answer as PostgreSQL does ({error})"))?;
    let [kind, length @ ..] = head;
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(0);
    let Some(length) = length.checked_sub(4).filter(|length| *length <= LONGEST_MESSAGE) else {
        return Err("does not answer as PostgreSQL does".to_owned());
    };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).map_err(|error| error.to_string())?;
    Ok((kind, body))
}

/// The sentence for people in an error message: the field `M`.
fn message_of(body: &[u8]) -> String {
    let message = body.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"M"));
    message
        .map_or_else(|| "refuses the session".to_owned(), |text| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server that reads the startup message and then says these bytes.
    fn probe_against(answer: &'static [u8], user_info: &str) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://{user_info}@{}/main", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut rest = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap() - 4];
            stream.read_exact(&mut rest).unwrap();
            stream.write_all(answer).unwrap();
            rest
        });
        let result = probe(&url);
        assert_eq!(server.join().unwrap(), b"\0\x03\0\0user\0ada\0database\0main\0\0");
        result
    }

    #[test]
    fn a_server_that_lets_us_in_answers() {
        assert_eq!(probe_against(b"R\0\0\0\x08\0\0\0\0S\0\0\0\x08a\0b\0Z\0\0\0\x05I", "ada"), Ok(()));
    }

    #[test]
    fn a_wanted_password_is_fine_when_there_is_one() {
        let wants_password = b"R\0\0\0\x08\0\0\0\x03";
        assert_eq!(probe_against(wants_password, "ada:secret"), Ok(()));
        assert!(probe_against(wants_password, "ada").unwrap_err().contains("password"));
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let refusal = b"E\0\0\0\x1eSFATAL\0Mno such database\0\0";
        assert_eq!(probe_against(refusal, "ada"), Err("no such database".to_owned()));
    }

    #[test]
    fn another_kind_of_server_is_not_taken_for_it() {
        let error = probe_against(b"HTTP/1.1 400 Bad Request\r\n\r\n", "ada").unwrap_err();
        assert!(error.contains("does not answer as PostgreSQL"), "{error}");
    }
}
