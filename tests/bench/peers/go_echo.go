// SPDX-License-Identifier: GPL-3.0-or-later

// A peer of make bench: a goroutine per connection on the net package.
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
)

var hello, ready = []byte("客户端已就绪"), []byte("服务端已就绪")
var quit = []byte("quit")

func talk(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 1024)
	talking := false
	for {
		n, err := c.Read(buf)
		if n <= 0 || err != nil {
			return
		}
		data := buf[:n]
		if !talking {
			if bytes.Contains(data, hello) {
				talking = true
				c.Write(ready)
			}
			continue
		}
		if bytes.Contains(data, quit) {
			c.Write(quit)
			return
		}
		if _, err := c.Write(data); err != nil {
			return
		}
	}
}

func main() {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		if err != nil {
			continue
		}
		go talk(c)
	}
}
