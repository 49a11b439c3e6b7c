/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/thread.h"
#include "doors/inside.h"
#include "wire/op.h"

#define STATUS_USAGE  2
#define STATUS_CONFIG 3
#define STATUS_LISTEN 4

#define DEFAULT_PORT 6666                  /* the tutorial's */
#define DESK_STACK   ((size_t)1024 * 1024) /* SQLite's */
#define HELD_BYTES   ((size_t)64 * 1024)
#define STACK_USUAL  64 /* KiB; the library knows what sanitizers need */

static void
server_log(void *user, enum sks_log_level level, const char *text)
{
	struct door *door = user;

	(void)level;
	dw_log(door->config->log, "%s", text);
}

void
door_server_config(struct door *door, struct sks_server_config *cfg)
{
	cfg->grace = 0; /* the desk has said goodbye before */
	if (door->config->limits.stack_size != STACK_USUAL)
		cfg->stack_size =
		    (size_t)door->config->limits.stack_size * 1024;
	cfg->user = door;
	cfg->log = server_log;
	cfg->log_user = door;
}

/* May the desk listen there?  Returns 0 or an exit status. */
static int
check_scope(const struct door_config *config, const char *text,
    const struct sks_addr *addr, struct dw_buf *why)
{
	enum sks_scope scope = sks_addr_scope(addr);

	if (scope == SKS_SCOPE_LOOPBACK || scope == SKS_SCOPE_LOCAL)
		return 0;
	if (scope == SKS_SCOPE_PRIVATE || config->public_allowed) {
		dw_buf_addf(why,
		    _("%s can be reached from other machines, "
		      "and what is said travels unencrypted"),
		    text);
		return 0;
	}
	dw_buf_addf(why,
	    _("%s can be reached from everywhere, and what is "
	      "said would travel unencrypted; if that is what you want, add "
	      "--allow-plaintext-public"),
	    text);
	return STATUS_CONFIG;
}

int
door_listen_failed(const char *option, const char *text, struct dw_buf *why)
{
	char error[256];

	sks_error_text(error, sizeof error);
	dw_buf_reset(why); /* a warning that is of no use now */
	dw_buf_addf(why,
	    _("cannot listen on %s: %s; choose another address "
	      "with %s ADDR:PORT, port 0 takes any free one"),
	    text, error, option);
	return STATUS_LISTEN;
}

int
door_address(const struct door_config *config, const char *text,
    struct sks_addr *out, struct dw_buf *why)
{
	if (sks_addr_parse(text, DEFAULT_PORT, out) < 0 ||
	    sks_addr_family(out) == SKS_UNIX) {
		dw_buf_addf(why,
		    _("\"%s\" is no address to listen on; write "
		      "it as 127.0.0.1:6666 or [::1]:6666"),
		    text);
		return STATUS_USAGE;
	}
	return check_scope(config, text, out, why);
}

int
door_add_listener(struct door *door, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return DOOR_FAILED;
	door->listeners[door->nlisteners++] = copy;
	return 0;
}

static int
open_listener(struct door *door, const char *text, struct dw_buf *why)
{
	const struct door_config *config = door->config;
	struct sks_server_config cfg;
	struct sks_server *srv;
	char bound[SKS_ADDR_TEXT];
	int r;

	sks_server_config_init(&cfg, SKS_TCP,
	    config->one_at_a_time ? SKS_SYNC : SKS_THREADING);
	if ((r = door_address(config, text, &cfg.address, why)) != 0)
		return r;
	door_server_config(door, &cfg);
	cfg.max_sessions = (unsigned)config->limits.max_sessions;
	cfg.max_per_addr = (unsigned)config->limits.max_per_address;
	cfg.loopback_exempt = !config->every_address;
	if (door->ncustomers > 0)
		cfg.together = door->customers[0];
	if (config->one_at_a_time) {
		cfg.max_sessions = cfg.max_per_addr = 0;
		cfg.overload = SKS_WAIT;
	}
	if (sks_server_new(&cfg, &door_customer_server_ops, &door_customer_ops,
		&srv) < 0)
		return door_listen_failed("--listen", text, why);
	door->customers[door->ncustomers++] = srv;
	sks_addr_format(sks_server_address(srv), SKS_STYLE_PLAIN, bound,
	    sizeof bound);
	return door_add_listener(door, bound);
}

static int
open_customers(struct door *door, struct dw_buf *why)
{
	size_t n = door->config->nlisten;
	int r;

	if (door->config->one_at_a_time && n > 1) {
		dw_buf_adds(why,
		    _("one customer at a time is served on one "
		      "address: give --listen once"));
		return STATUS_USAGE;
	}
	door->customers = calloc(n + 1, sizeof *door->customers);
	door->listeners =
	    calloc(n + door->config->nudp + 1, sizeof *door->listeners);
	if (door->customers == NULL || door->listeners == NULL)
		return DOOR_FAILED;
	for (size_t i = 0; i < n; i++)
		if ((r = open_listener(door, door->config->listen[i], why)) !=
		    0)
			return r;
	return 0;
}

/* Also without a socket of its own: the console's link is adopted. */
static int
open_operators(struct door *door, struct dw_buf *why)
{
	const char *path = door->config->operator_socket;
	struct sks_server_config cfg;
	char text[SKS_ADDR_TEXT + 8];

	sks_server_config_init(&cfg, SKS_UNIX_STREAM, SKS_THREADING);
	door_server_config(door, &cfg);
	cfg.max_sessions = (unsigned)door->config->limits.max_operators;
	cfg.bind_and_activate = path != NULL;
	if (path != NULL) {
		snprintf(text, sizeof text, "unix:%s", path);
		if (sks_addr_parse(text, 0, &cfg.address) < 0)
			return door_listen_failed("--operator-socket", path,
			    why);
	}
	if (sks_server_new(&cfg, &door_operator_server_ops, &door_operator_ops,
		&door->operators) == 0)
		return 0;
	sks_error_text(text, sizeof text);
	dw_buf_addf(why,
	    _("cannot make the operators' socket %s: %s; choose "
	      "another path with --operator-socket PATH"),
	    path, text);
	return STATUS_LISTEN;
}

static int
replay(void *arg, const struct desk_event *ev)
{
	return desk_replay(arg, ev);
}

static int
open_desk(struct door *door, struct dw_buf *why)
{
	const struct door_config *config = door->config;
	struct store_config sc = { .dir = config->state_dir,
		.begin_new = config->begin_new };
	uint64_t seq, sid;

	if (store_open(&sc, &door->store, why) < 0)
		return DOOR_FAILED;
	if (desk_new(&door->desk_config, &door->desk) < 0 ||
	    store_replay_open(door->store, replay, door->desk) != 0) {
		dw_buf_addf(why, _("the journal in %s could not be read"),
		    config->state_dir);
		return DOOR_FAILED;
	}
	store_last(door->store, &seq, &sid);
	desk_begin(door->desk, seq, sid);
	return 0;
}

static void
configure_desk(struct door *door)
{
	const struct door_limits *l = &door->config->limits;
	struct desk_config *dc = &door->desk_config;

	dc->name = door->config->name;
	dc->greeting = door->config->greeting;
	dc->turn.hold_ns = l->holding_line * DW_SECOND;
	dc->turn.held_ns = l->held_reply * DW_SECOND;
	dc->turn.add_ns = l->add_to_held * DW_SECOND;
	dc->linger_ns = l->linger * DW_SECOND;
	dc->retry_ns = DW_SECOND;
	dc->gone_after_ms = l->gone_after * 1000;
	dc->max_gone = (size_t)l->max_gone;
	dc->held_bytes = HELD_BYTES;
	dc->max_message = (size_t)l->max_message;
	dc->max_peers = (size_t)l->udp_peers;
	dc->peer_ns = l->udp_timeout * DW_SECOND;
	dc->max_answer = (size_t)l->max_answer;
}

/* On the desk thread. */
static void
farewell(struct door_node *n)
{
	struct door *door = DW_LIST_OF(n, struct door, farewell);
	struct wire_frame f = wire_frame_of(WIRE_BYE);

	f.code = "stop";
	f.text = _("the desk has stopped");
	f.len = strlen(f.text);
	door_tell_operators(door, &f);
}

static struct door *
door_new(const struct door_config *config)
{
	struct door *door = calloc(1, sizeof *door);

	if (door == NULL)
		return NULL;
	door->config = config;
	dw_list_init(&door->links);
	door_inbox_init(&door->inbox);
	door_reader_init(&door->reader, config->state_dir);
	dw_cond_init(&door->back);
	door_node_init(&door->drain, DESK_RQ_DRAIN, NULL, NULL);
	door_node_init(&door->farewell, DESK_RQ_KINDS, NULL, &door->back);
	door->farewell.ready = farewell;
	configure_desk(door);
	return door;
}

int
door_open(const struct door_config *config, struct door **out,
    struct dw_buf *why)
{
	struct door *door;
	int r;

	*out = NULL;
	if ((door = door_new(config)) == NULL)
		return DOOR_FAILED;
	if ((r = open_desk(door, why)) != 0 ||
	    (r = open_customers(door, why)) != 0 ||
	    (r = door_udp_open(door, why)) != 0 ||
	    (r = open_operators(door, why)) != 0) {
		door_close(door);
		return r;
	}
	*out = door;
	return 0;
}

static int
start_servers(struct door *door)
{
	if (sks_server_start(door->operators) < 0)
		return -1;
	for (size_t i = 0; i < door->ncustomers; i++)
		if (sks_server_start(door->customers[i]) < 0)
			return -1;
	return door_udp_start(door);
}

int
door_start(struct door *door, struct dw_buf *why)
{
	if (sks_postman_new(&door->postman) < 0 ||
	    door_reader_start(&door->reader) < 0 ||
	    dw_thread_start(&door->thread, "desk", DESK_STACK, door_desk_thread,
		door) < 0) {
		dw_buf_adds(why,
		    _("the desk's threads cannot be started: "
		      "this machine has no more to give"));
		return DOOR_FAILED;
	}
	door->started = true;
	if (start_servers(door) < 0) {
		dw_buf_adds(why,
		    _("the listeners' threads cannot be started: "
		      "this machine has no more to give"));
		return DOOR_FAILED;
	}
	return 0;
}

struct sks_socket *
door_console(struct door *door)
{
	struct sks_socket *ours, *theirs;

	if (sks_socketpair(&ours, &theirs) < 0)
		return NULL;
	if (sks_server_adopt(door->operators, theirs) < 0) {
		sks_socket_free(ours);
		sks_socket_free(theirs);
		return NULL;
	}
	return ours;
}

size_t
door_listeners(const struct door *door, const char *const **texts)
{
	*texts = door->listeners;
	return door->nlisteners;
}

void
door_drain(struct door *door)
{
	for (size_t i = 0; i < door->ncustomers; i++)
		sks_server_request_shutdown(door->customers[i]);
	door_udp_request_stop(door);
	door_post_again(&door->inbox, &door->drain);
}

unsigned
door_quits(struct door *door)
{
	return atomic_load(&door->quits);
}

bool
door_drained(struct door *door)
{
	return atomic_load(&door->drained);
}

static void
close_customers(struct door *door)
{
	for (size_t i = 0; i < door->ncustomers; i++) {
		sks_server_free(door->customers[i]);
		door->customers[i] = NULL;
	}
}

void
door_end(struct door *door)
{
	close_customers(door);
	door_udp_stop(door);
	if (!door->started || door->ended)
		return;
	door->ended = true;
	sks_server_request_shutdown(door->operators);
	door_post(&door->inbox, &door->farewell);
	door_wait(&door->inbox, &door->farewell);
}

static void
end_desk_thread(struct door *door)
{
	struct door_node last;

	if (!door->started)
		return;
	/* All senders are gone; one last node makes it look. */
	door_node_init(&last, DESK_RQ_KINDS, NULL, NULL);
	atomic_store(&door->ending, true);
	door_post(&door->inbox, &last);
	pthread_join(door->thread, NULL);
}

void
door_close(struct door *door)
{
	if (door == NULL)
		return;
	door_end(door);
	sks_server_free(door->operators);
	end_desk_thread(door);
	door_udp_close(door);
	door_reader_fini(&door->reader);
	sks_postman_free(door->postman);
	desk_free(door->desk);
	store_close(door->store);
	dw_cond_fini(&door->back);
	door_inbox_fini(&door->inbox);
	dw_buf_fini(&door->scratch);
	for (size_t i = 0; i < door->nlisteners; i++)
		free((char *)door->listeners[i]);
	free(door->listeners);
	free(door->customers);
	free(door);
}
