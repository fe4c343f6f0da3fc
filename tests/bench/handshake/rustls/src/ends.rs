//! Both ends: the same cipher suite and group as bench-tls, no tickets, no resumption.

use rustls::{
    cipher_suite, client, kx_group, server, version, Certificate, ClientConfig, PrivateKey, RootCertStore, ServerConfig,
    SupportedCipherSuite, SupportedKxGroup,
};
use std::{fs, path::Path, sync::Arc};

pub struct Ends {
    pub server: Arc<ServerConfig>,
    pub client: Arc<ClientConfig>,
    pub name: client::ServerName,
}

static SUITES: &[SupportedCipherSuite] = &[cipher_suite::TLS13_AES_128_GCM_SHA256];
static GROUPS: &[&SupportedKxGroup] = &[&kx_group::X25519];
static VERSIONS: &[&rustls::SupportedProtocolVersion] = &[&version::TLS13];

fn read_file(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap_or_else(|why| panic!("{}: {}", name, why))
}

fn identity(folder: &Path, who: &str) -> (Vec<Certificate>, PrivateKey) {
    let certificate = Certificate(read_file(folder, &format!("{}.der", who)));
    (vec![certificate], PrivateKey(read_file(folder, &format!("{}.key", who))))
}

fn server_end(folder: &Path, roots: RootCertStore) -> ServerConfig {
    let (chain, key) = identity(folder, "server");
    let mut config = ServerConfig::builder()
        .with_cipher_suites(SUITES)
        .with_kx_groups(GROUPS)
        .with_protocol_versions(VERSIONS)
        .expect("TLS 1.3")
        .with_client_cert_verifier(server::AllowAnyAuthenticatedClient::new(roots))
        .with_single_cert(chain, key)
        .expect("server's certificate");
    config.session_storage = Arc::new(server::NoServerSessionStorage {});
    config
}

fn client_end(folder: &Path, roots: RootCertStore) -> ClientConfig {
    let (chain, key) = identity(folder, "client");
    let mut config = ClientConfig::builder()
        .with_cipher_suites(SUITES)
        .with_kx_groups(GROUPS)
        .with_protocol_versions(VERSIONS)
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_single_cert(chain, key)
        .expect("client's certificate");
    config.session_storage = Arc::new(client::NoClientSessionStorage {});
    config.enable_tickets = false;
    config
}

pub fn read(folder: &Path) -> Ends {
    let mut roots = RootCertStore::empty();
    roots.add(&Certificate(read_file(folder, "authority.der"))).expect("authority");
    Ends {
        server: Arc::new(server_end(folder, roots.clone())),
        client: Arc::new(client_end(folder, roots)),
        name: "localhost".try_into().expect("name"),
    }
}

/// Panics unless the handshake is over and was what it should be.
pub fn check(connection: &rustls::ServerConnection) {
    assert!(!connection.is_handshaking());
    assert_eq!(connection.peer_certificates().map(|chain| chain.len()), Some(1));
    assert_eq!(connection.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
}
