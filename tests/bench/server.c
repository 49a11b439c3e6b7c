/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server that make bench measures: a threading TCP server that speaks
 * words.h.  It takes commands on standard input, one a line, and answers each
 * with one line; tests/bench/server.py does the same on CPython's socketserver.
 *
 *	stop		stops the loop and starts it again: microseconds
 *	turns MS	turns of the loop in MS milliseconds
 *	starve MS	the same without a free descriptor: calls of accept, and
 *			milliseconds of processor time
 *	live		sessions that are open
 *
 * The first line, unasked, is the port.  Of the arguments, "count" puts
 * functions of ours before the server's, without which turns and accepts are
 * not counted.
 */
#include "config.h"

#include <stdatomic.h>
#include <unistd.h>

#include "bench/words.h"
#include "socketserver/socketserver.h"

static atomic_uint turns, accepts;

static int
count_turn(struct sks_server *srv)
{
	(void)srv;
	atomic_fetch_add(&turns, 1);
	return 0;
}

static int
count_accept(struct sks_server *srv, struct sks_request **req)
{
	atomic_fetch_add(&accepts, 1);
	return sks_default_get_request(srv, req);
}

static int
talk(struct sks_handler *h)
{
	enum words_state state = WORDS_NEW;
	char buf[WORDS_MAX];
	ssize_t n;
	size_t len;

	(void)!sks_set_option(h->request, SKS_NODELAY, 1);
	while (state != WORDS_END &&
	    (n = sks_recv(h->request, buf, sizeof buf)) > 0) {
		len = words_answer(buf, (size_t)n, &state);
		if (len > 0 && sks_sendall(h->request, buf, len, NULL) < 0)
			break;
	}
	return 0;
}

static void
die(const char *what)
{
	char text[160];

	fprintf(stderr, "bench: %s: %s\n", what,
	    sks_error_text(text, sizeof text));
	exit(1);
}

static void
sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static rlim_t
set_files(rlim_t limit)
{
	struct rlimit rl;
	rlim_t old;

	getrlimit(RLIMIT_NOFILE, &rl);
	old = rl.rlim_cur;
	rl.rlim_cur = limit < rl.rlim_max ? limit : rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	return old;
}

static rlim_t
first_free_file(void)
{
	int fd = dup(0);

	close(fd);
	return (rlim_t)fd;
}

static void
stop(struct sks_server *srv, long ms)
{
	int64_t start = sks_now();

	(void)ms;
	if (sks_server_stop(srv, 60) < 0)
		die("stop");
	printf("%.1f\n", (double)(sks_now() - start) / 1e3);
	if (sks_server_start(srv) < 0)
		die("start");
}

static void
count_turns(struct sks_server *srv, long ms)
{
	unsigned before = atomic_load(&turns);

	(void)srv;
	sleep_ms(ms);
	printf("%u\n", atomic_load(&turns) - before);
}

/* Whoever asks sends a peer when it hears "starving"; the time begins with the
 * first accept, if there is one within half a second.  All numbers below the
 * lowest free one are taken, so that one is the limit. */
static void
starve(struct sks_server *srv, long ms)
{
	rlim_t old = set_files(first_free_file());
	unsigned before = atomic_load(&accepts);
	double cpu;

	(void)srv;
	printf("starving\n");
	fflush(stdout);
	for (int i = 0; i < 500 && atomic_load(&accepts) == before; i++)
		sleep_ms(1);
	cpu = cpu_ms();
	sleep_ms(ms);
	printf("%u %.1f\n", atomic_load(&accepts) - before, cpu_ms() - cpu);
	set_files(old);
}

static void
live(struct sks_server *srv, long ms)
{
	struct sks_server_stats stats;

	(void)ms;
	sks_server_stats(srv, &stats);
	printf("%u\n", stats.live);
}

static const struct command {
	const char *name;
	void (*run)(struct sks_server *srv, long ms);
} commands[] = {
	{ "stop", stop },
	{ "turns", count_turns },
	{ "starve", starve },
	{ "live", live },
};

static void
obey(struct sks_server *srv, const char *line)
{
	char name[16] = "";
	long ms = 0;

	(void)sscanf(line, "%15s %ld", name, &ms);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(commands[i].name, name) == 0)
			commands[i].run(srv, ms);
	fflush(stdout);
}

static const struct sks_server_ops counting = {
	SKS_SERVER_OPS,
	.get_request = count_accept,
	.service_actions = count_turn,
};

/* What the arguments ask for: the server's functions, and its settings.  A word
 * that this build does not know ends it, which tells bench.py. */
static const struct sks_server_ops *
read_words(int argc, char **argv, struct sks_server_config *cfg)
{
	const struct sks_server_ops *ops = NULL;

	(void)cfg;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "count") == 0)
			ops = &counting;
		else
			exit(2);
	return ops;
}

int
main(int argc, char **argv)
{
	static const struct sks_handler_ops handler = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = talk,
	};
	const struct sks_server_ops *ops;
	struct sks_server_config cfg;
	struct sks_server *srv;
	char line[64];

	set_files(RLIM_INFINITY);
	sks_server_config_init(&cfg, SKS_TCP, SKS_THREADING);
	cfg.overload = SKS_WAIT;   /* CPython refuses nobody */
	cfg.stack_size = 64 << 10; /* as CPython's is told */
	ops = read_words(argc, argv, &cfg);
	if (sks_addr_parse("127.0.0.1:0", 0, &cfg.address) < 0 ||
	    sks_server_new(&cfg, ops, &handler, &srv) < 0 ||
	    sks_server_start(srv) < 0)
		die("server");
	printf("%u\n", sks_addr_port(sks_server_address(srv)));
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL)
		obey(srv, line);
	sks_server_free(srv);
	return 0;
}
