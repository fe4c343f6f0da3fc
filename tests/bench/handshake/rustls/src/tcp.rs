use crate::{clock, ends, ends::Ends};
use rustls::{ClientConnection, ServerConnection};
use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::io::{AsRawFd, RawFd};
use std::thread;

const CLIENTS: u32 = 4; // threads, so that the server always has something to do
const EVENTS: usize = 16;

struct Epoll(RawFd);

impl Epoll {
    fn new() -> Epoll {
        // SAFETY: takes no pointers.
        let descriptor = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        assert!(descriptor >= 0, "no epoll");
        Epoll(descriptor)
    }

    fn watch(&self, descriptor: RawFd) {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: descriptor as u64 };
        // SAFETY: `event` outlives the call.
        let result = unsafe { libc::epoll_ctl(self.0, libc::EPOLL_CTL_ADD, descriptor, &mut event) };
        assert_eq!(result, 0, "epoll");
    }

    fn wait(&self, events: &mut [libc::epoll_event; EVENTS]) -> usize {
        // SAFETY: there is room for EVENTS of them.
        let count = unsafe { libc::epoll_wait(self.0, events.as_mut_ptr(), EVENTS as i32, -1) };
        count.max(0) as usize
    }
}

impl Drop for Epoll {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours and used no more.
        unsafe { libc::close(self.0) };
    }
}

struct Call {
    socket: TcpStream,
    connection: ServerConnection,
}

/// True when the handshake is over.
fn go_on(call: &mut Call) -> bool {
    match call.connection.read_tls(&mut call.socket) {
        Ok(_) => (),
        Err(why) if why.kind() == ErrorKind::WouldBlock => return false,
        Err(why) => panic!("connection: {}", why),
    }
    call.connection.process_new_packets().expect("TLS handshake");
    while call.connection.wants_write() {
        call.connection.write_tls(&mut call.socket).expect("connection");
    }
    !call.connection.is_handshaking()
}

fn take_call(ends: &Ends, listening: &TcpListener, epoll: &Epoll, calls: &mut HashMap<RawFd, Call>) {
    let socket = match listening.accept() {
        Ok((socket, _)) => socket,
        Err(_) => return, // gone again
    };
    socket.set_nonblocking(true).expect("socket");
    socket.set_nodelay(true).expect("socket");
    epoll.watch(socket.as_raw_fd());
    let connection = ServerConnection::new(ends.server.clone()).expect("server");
    calls.insert(socket.as_raw_fd(), Call { socket, connection });
}

fn serve(ends: &Ends, listening: &TcpListener, mut left: u32) -> u64 {
    let epoll = Epoll::new();
    let mut calls = HashMap::new();
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; EVENTS];
    let since = clock::computing();
    epoll.watch(listening.as_raw_fd());
    while left > 0 {
        let count = epoll.wait(&mut events);
        for event in &events[..count] {
            let descriptor = event.u64 as RawFd;
            if descriptor == listening.as_raw_fd() {
                take_call(ends, listening, &epoll, &mut calls);
            } else if calls.get_mut(&descriptor).map_or(false, go_on) {
                ends::check(&calls.remove(&descriptor).expect("the call").connection);
                left -= 1;
            }
        }
    }
    clock::computing() - since
}

fn call(ends: &Ends, address: SocketAddr, count: u32) {
    for _ in 0..count {
        let mut socket = TcpStream::connect(address).expect("connection");
        let mut client = ClientConnection::new(ends.client.clone(), ends.name.clone()).expect("client");
        while client.is_handshaking() || client.wants_write() {
            client.complete_io(&mut socket).expect("TLS handshake");
        }
        let end = socket.read(&mut [0]).expect("connection"); // the server closes when it is done
        assert_eq!(end, 0);
    }
}

/// Nanoseconds of processor time of the server, a thread with an event loop; each handshake over a connection of its own.
pub fn handshakes(ends: &Ends, count: u32) -> u64 {
    assert_eq!(count % CLIENTS, 0);
    let listening = TcpListener::bind(("127.0.0.1", 0)).expect("listening socket");
    listening.set_nonblocking(true).expect("socket");
    let address = listening.local_addr().expect("address");
    thread::scope(|scope| {
        let server = scope.spawn(|| serve(ends, &listening, count));
        for _ in 0..CLIENTS {
            scope.spawn(|| call(ends, address, count / CLIENTS));
        }
        server.join().expect("server")
    })
}
