//! bench-rustls: processor time of the server's end of a TLS 1.3 handshake with certificates both ways, by rustls and ring.
//!
//!   bench-rustls FOLDER     with the identities that bench-tls left there; the rows are rustls_mutual.memory and
//!                           rustls_mutual.tcp, microseconds a handshake

mod clock;
mod ends;
mod memory;
mod tcp;

const ROUNDS: usize = 9;
const BATCH: u32 = 80;

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    samples[samples.len() / 2]
}

fn main() {
    let folder = match std::env::args().nth(1) {
        Some(folder) => folder,
        None => {
            eprintln!("usage: bench-rustls FOLDER");
            std::process::exit(2);
        }
    };
    let ends = ends::read(std::path::Path::new(&folder));
    memory::handshakes(&ends, BATCH); // warm
    let mut in_memory = Vec::new();
    let mut over_tcp = Vec::new();
    for _ in 0..ROUNDS {
        in_memory.push(memory::handshakes(&ends, BATCH) as f64 / 1000.0 / f64::from(BATCH));
        over_tcp.push(tcp::handshakes(&ends, BATCH) as f64 / 1000.0 / f64::from(BATCH));
    }
    println!("rustls_mutual.memory {}", median(in_memory));
    println!("rustls_mutual.tcp {}", median(over_tcp));
}
