use crate::{clock, ends, ends::Ends};
use rustls::{ClientConnection, ServerConnection};

/// What the client has to say after hearing `heard`.
fn client_step(client: &mut ClientConnection, mut heard: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    while !heard.is_empty() {
        client.read_tls(&mut heard).expect("memory");
        client.process_new_packets().expect("TLS handshake");
    }
    while client.wants_write() {
        client.write_tls(&mut said).expect("memory");
    }
    said
}

fn server_step(server: &mut ServerConnection, mut heard: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    while !heard.is_empty() {
        server.read_tls(&mut heard).expect("memory");
        server.process_new_packets().expect("TLS handshake");
    }
    while server.wants_write() {
        server.write_tls(&mut said).expect("memory");
    }
    said
}

fn one(ends: &Ends) -> u64 {
    let mut client = ClientConnection::new(ends.client.clone(), ends.name.clone()).expect("client");
    let mut since = clock::computing();
    let mut server = ServerConnection::new(ends.server.clone()).expect("server");
    let mut used = clock::computing() - since;
    let mut answer = Vec::new();
    while server.is_handshaking() {
        let said = client_step(&mut client, &answer);
        since = clock::computing();
        answer = server_step(&mut server, &said);
        used += clock::computing() - since;
    }
    ends::check(&server);
    since = clock::computing();
    drop(server);
    used + clock::computing() - since
}

/// Nanoseconds of processor time of the server's end.
pub fn handshakes(ends: &Ends, count: u32) -> u64 {
    (0..count).map(|_| one(ends)).sum()
}
