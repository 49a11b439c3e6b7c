// SPDX-License-Identifier: GPL-3.0-or-later

// A peer of make bench: a std::thread per connection.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn has(data: &[u8], word: &[u8]) -> bool {
    data.windows(word.len()).any(|w| w == word)
}

fn talk(mut c: TcpStream) -> std::io::Result<()> {
    let (hello, ready) = ("客户端已就绪".as_bytes(), "服务端已就绪".as_bytes());
    let mut buf = [0u8; 1024];
    let mut talking = false;
    c.set_nodelay(true)?;
    loop {
        let n = c.read(&mut buf)?;
        if n == 0 {
            return Ok(());
        }
        let data = &buf[..n];
        if !talking {
            if has(data, hello) {
                talking = true;
                c.write_all(ready)?;
            }
        } else if has(data, b"quit") {
            return c.write_all(b"quit");
        } else {
            c.write_all(data)?;
        }
    }
}

fn main() {
    let l = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    println!("{}", l.local_addr().unwrap().port());
    for c in l.incoming().flatten() {
        // A peer who finds no thread is closed.
        let _ = thread::Builder::new().stack_size(65536).spawn(move || talk(c));
    }
}
