// SPDX-License-Identifier: BSD-2-Clause
// echo.c in C++11.  The tables are filled in by assignment: designated
// initialisers, which SKS_HANDLER_OPS() has, came with C++20.
#include <cmath>
#include <cstdio>
#include <memory>
#include <socketserver.h>
#include <stdexcept>
#include <string>

namespace
{

struct Echo {
	sks_stream_handler sh;
};

extern "C" int
handle(sks_handler *h)
{
	Echo *e = reinterpret_cast<Echo *>(h);
	char line[256];
	ssize_t n;

	while ((n = sks_stream_readline(e->sh.rfile, line, sizeof line)) > 0)
		if ((n = sks_stream_write(e->sh.wfile, line, size_t(n))) < 0)
			break;
	return int(n);
}

sks_handler_ops
echo_ops()
{
	sks_handler_ops ops = {};

	ops.size = sizeof ops;
	ops.instance_size = sizeof(Echo);
	ops.setup = sks_stream_handler_setup;
	ops.handle = handle;
	ops.finish = sks_stream_handler_finish;
	return ops;
}

// Throws what a call that failed left behind.
void
check(int r)
{
	char text[128];

	if (r < 0)
		throw std::runtime_error(sks_error_text(text, sizeof text));
}

template <typename T, void (*release)(T *)> struct Release {
	void
	operator()(T *p) const
	{
		release(p);
	}
};
using Server =
    std::unique_ptr<sks_server, Release<sks_server, sks_server_free>>;
using Socket =
    std::unique_ptr<sks_socket, Release<sks_socket, sks_socket_free>>;
using Stream =
    std::unique_ptr<sks_stream, Release<sks_stream, sks_stream_free>>;

Server
start()
{
	const sks_handler_ops handler = echo_ops();
	sks_server_ops ops = {};
	sks_server_config cfg;
	sks_server *srv;

	ops.size = sizeof ops;
	sks_server_config_init(&cfg, SKS_TCP, SKS_THREADING);
	check(sks_addr_parse("127.0.0.1:0", 0, &cfg.address));
	check(sks_server_new(&cfg, &ops, &handler, &srv));
	Server owner(srv);
	check(sks_server_start(srv));
	return owner;
}

std::string
ask(unsigned port, const std::string &text)
{
	sks_socket *s;
	sks_stream *st;
	char line[64];

	check(sks_create_connection("127.0.0.1", port, 10, &s));
	Socket socket(s);
	check(sks_settimeout(s, 10));
	check(sks_sendall(s, text.data(), text.size(), nullptr));
	check(sks_makefile(s, -1, 0, &st));
	Stream stream(st);
	check(int(sks_stream_readline(st, line, sizeof line)));
	return line;
}

} // namespace

int
main()
{
	const std::string hello = "hello, library\n";

	try {
		Server srv = start();

		if (ask(sks_addr_port(sks_server_address(srv.get())), hello) !=
		    hello)
			throw std::runtime_error("something else came back");
		check(sks_server_stop(srv.get(), INFINITY));
	} catch (const std::exception &e) {
		std::fprintf(stderr, "%s\n", e.what());
		return 1;
	}
	std::puts("C++: an echo came back");
	return 0;
}
