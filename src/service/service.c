/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file opens the parts of a desk, starts its threads, and takes it all
 * down again.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/thread.h"
#include "service/identity.h"
#include "service/internal.h"
#include "wire/op.h"

#define DESK_STACK     ((size_t)1024 * 1024) /* SQLite's */
#define PAGE_BYTES     ((size_t)1024 * 1024)
#define OPERATOR_STACK ((size_t)256 * 1024) /* the system's list of users */
/* Its user's and its group's, which its folder can choose (setgid): a proxy is made
 * a member of that, and so it must not be the operators'. */
#define PROXIES_MODE 0660
#define STACK_USUAL  64 /* KiB; dw_thread_default_stack() is more at need */

/* Of a thread that serves customers or operators: there may be thousands. */
static size_t
stack_size(const struct svc_limits *limits)
{
	return limits->stack_size == STACK_USUAL ?
	    dw_thread_default_stack() :
	    (size_t)limits->stack_size * 1024;
}

void
svc_server_config(struct svc *svc, struct sks_server_config *cfg)
{
	cfg->grace = 0; /* the desk has said goodbye before */
	cfg->stack_size = stack_size(&svc->config->limits);
	cfg->user = svc;
	cfg->log = svc_server_says;
	cfg->log_user = svc;
}

/* Does the unit's filter let anybody through to a socket there? */
static bool
is_in_reach(const struct svc_config *config, enum sks_scope scope)
{
	if (scope == SKS_SCOPE_LOOPBACK || scope == SKS_SCOPE_LOCAL)
		return true;
	return config->reach == SVC_REACH_PUBLIC ||
	    (config->reach == SVC_REACH_PRIVATE && scope == SKS_SCOPE_PRIVATE);
}

/* To listen where nobody can come is to be deaf, and nobody would notice. */
int
svc_check_reach(const struct svc_config *config, const char *text,
    const struct sks_addr *addr, struct dw_buf *why)
{
	if (is_in_reach(config, sks_addr_scope(addr)))
		return 0;
	dw_buf_reset(why);
	dw_buf_addf(why,
	    _("the unit deskwire.service lets nobody through to %s "
	      "(IPAddressAllow= and DESKWIRE_REACH=%s): widen both with "
	      "'systemctl edit deskwire.service', or use deskwire.socket"),
	    text, config->reach == SVC_REACH_PRIVATE ? "private" : "loopback");
	return DW_STATUS_CONFIG;
}

/* May the desk listen there?  Returns 0 or an exit status. */
static int
check_scope(const struct svc_config *config, const char *text,
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
	return DW_STATUS_CONFIG;
}

int
svc_listen_failed(const char *option, const char *text, struct dw_buf *why)
{
	struct sks_error error;
	char shown[256];

	sks_last_error(&error);
	sks_error_format(&error, shown, sizeof shown);
	dw_buf_reset(why); /* a warning that is of no use now */
	if (error.sys_errno == EAFNOSUPPORT)
		dw_buf_addf(why,
		    _("cannot listen on %s: %s; this system has no such "
		      "addresses, or the unit that the desk was started by "
		      "(deskwire-restricted.service) lets it have inherited "
		      "sockets only: enable the .socket unit for it, or "
		      "start deskwire.service instead"),
		    text, shown);
	else
		dw_buf_addf(why,
		    _("cannot listen on %s: %s; choose another address "
		      "with %s ADDR:PORT, port 0 takes any free one"),
		    text, shown, option);
	return DW_STATUS_LISTEN;
}

int
svc_inherit_failed(const char *text, struct dw_buf *why)
{
	char error[256];

	sks_error_text(error, sizeof error);
	dw_buf_reset(why);
	dw_buf_addf(why,
	    _("the socket %s that the desk was started with cannot be served: "
	      "%s; correct its .socket unit"),
	    text, error);
	return DW_STATUS_LISTEN;
}

int
svc_address(const struct svc_config *config, const struct svc_endpoint *at,
    struct sks_addr *out, struct dw_buf *why)
{
	const char *text = at->text;
	int r;

	if (sks_addr_parse(text, SVC_PORT, out) < 0 ||
	    sks_addr_family(out) == SKS_UNIX) {
		dw_buf_addf(why,
		    _("\"%s\" is no address to listen on; write "
		      "it as 127.0.0.1:6666 or [::1]:6666"),
		    text);
		return DW_STATUS_USAGE;
	}
	r = check_scope(config, text, out, why);
	return r == 0 && at->fd < 0 ? svc_check_reach(config, text, out, why) :
				      r;
}

int
svc_add_listener(struct svc *svc, const struct sks_server *srv, bool udp,
    const char *behind)
{
	struct svc_listener *l = &svc->listeners[svc->nlisteners];
	char text[SKS_ADDR_TEXT], *name;

	l->addr = *sks_server_address(srv);
	l->udp = udp;
	sks_addr_format(&l->addr, SKS_STYLE_PLAIN, text, sizeof text);
	if (asprintf(&name, "%s%s%s", udp ? "udp " : "", text, behind) < 0)
		return DW_STATUS_FAILED;
	l->name = svc->listener_names[svc->nlisteners++] = name;
	return DW_STATUS_OK;
}

/* Whoever puts another socket there would be given customers. */
static int
check_proxies_folder(const struct sks_addr *addr, const char *text,
    struct dw_buf *why)
{
	const char *path = sks_addr_path(addr);
	char *folder = path != NULL ? svc_folder_of(path) : NULL;
	struct stat st;
	int r = 0;

	/* An abstract one has no mode: everybody on the machine may come. */
	if (sks_addr_family(addr) == SKS_UNIX && path == NULL) {
		dw_buf_addf(why,
		    _("%s has no folder, and so nobody is kept from it; name "
		      "the path of a file, as in unix:/run/x/customers.sock"),
		    text);
		return DW_STATUS_CONFIG;
	}
	if (folder != NULL && stat(folder, &st) == 0 &&
	    dw_folder_judge(&st, true) != DW_FOLDER_SAFE) {
		dw_buf_addf(why,
		    _("others may write in the folder %s, and could put a "
		      "socket of their own in the place of %s; choose a folder "
		      "that is yours or root's alone to write in"),
		    folder, text);
		r = DW_STATUS_CONFIG;
	}
	free(folder);
	return r;
}

/* A new file's group is its process's, or that of a folder which says so. */
static gid_t
group_in(const char *folder)
{
	struct stat st;

	return stat(folder, &st) == 0 && (st.st_mode & S_ISGID) != 0 ?
	    st.st_gid :
	    getegid();
}

/* A proxy is made a member of the socket's group: as one of the operators' it
 * could answer customers. */
static int
check_proxies_group(const struct svc_config *config,
    const struct sks_addr *addr, const char *text, struct dw_buf *why)
{
	const char *path = sks_addr_path(addr);
	const char *group =
	    config->people != NULL ? config->people->operator_group : NULL;
	char *folder = path != NULL ? svc_folder_of(path) : NULL;
	gid_t gid;
	int r = 0;

	if (folder != NULL && group != NULL && svc_group_id(group, &gid) == 0 &&
	    group_in(folder) == gid) {
		dw_buf_addf(why,
		    _("the Unix socket %s for proxies would have the group %s, "
		      "as the operators' socket has, and a proxy in that group "
		      "could answer customers: let systemd listen there with "
		      "deskwire.socket and its SocketGroup=, or listen for "
		      "proxies at 127.0.0.1:PORT,proxy"),
		    text, group);
		r = DW_STATUS_CONFIG;
	}
	free(folder);
	return r;
}

static int
unix_failed(const char *text, struct dw_buf *why)
{
	char error[256];

	sks_error_text(error, sizeof error);
	dw_buf_reset(why);
	dw_buf_addf(why,
	    _("cannot listen on %s: %s; choose another path with "
	      "--listen unix:PATH,proxy"),
	    text, error);
	return DW_STATUS_LISTEN;
}

static int
listener_address(const struct svc_config *config, const struct svc_endpoint *at,
    struct sks_addr *out, struct dw_buf *why)
{
	const char *text = at->text;
	int r;

	if (!svc_is_unix(text))
		return svc_address(config, at, out, why);
	if (sks_addr_parse(text, 0, out) < 0) {
		unix_failed(text, why);
		return DW_STATUS_CONFIG;
	}
	/* An inherited one has its rights from whoever made it. */
	if ((r = check_proxies_folder(out, text, why)) != 0 || at->fd >= 0)
		return r;
	return check_proxies_group(config, out, text, why);
}

static int
new_customers_server(const struct sks_server_config *cfg, bool proxy,
    struct sks_server **out)
{
	struct sks_server_ops ops = svc_customer_server_ops;
	struct sks_handler_ops handler = svc_customer_ops;

	if (proxy)
		svc_proxied_ops(&ops, &handler);
	return sks_server_new(cfg, &ops, &handler, out);
}

static int
open_listener(struct svc *svc, const struct svc_endpoint *at,
    struct dw_buf *why)
{
	const struct svc_config *config = svc->config;
	const char *text = at->text;
	struct sks_server_config cfg;
	struct sks_server *srv;
	int r;

	sks_server_config_init(&cfg,
	    svc_is_unix(text) ? SKS_UNIX_STREAM : SKS_TCP,
	    config->one_at_a_time ? SKS_SYNC : SKS_THREADING);
	if ((r = listener_address(config, at, &cfg.address, why)) != 0)
		return r;
	svc_server_config(svc, &cfg);
	cfg.unix_mode = PROXIES_MODE;
	cfg.inherited_fd = at->fd;
	cfg.max_sessions = (unsigned)config->limits.max_sessions;
	cfg.max_per_addr = (unsigned)config->limits.max_per_address;
	cfg.loopback_exempt = !config->every_address;
	cfg.refused_grace = SVC_REFUSED_GRACE;
	if (svc->ncustomers > 0)
		cfg.together = svc->customers[0];
	if (config->one_at_a_time) {
		cfg.max_sessions = cfg.max_per_addr = 0;
		cfg.overload = SKS_WAIT;
	}
	if (new_customers_server(&cfg, at->proxy, &srv) < 0)
		return at->fd >= 0 ? svc_inherit_failed(text, why) :
		    svc_is_unix(text) ?
				     unix_failed(text, why) :
				     svc_listen_failed("--listen", text, why);
	svc->customers[svc->ncustomers++] = srv;
	return svc_add_listener(svc, srv, false, at->proxy ? ",proxy" : "");
}

static int
open_customers(struct svc *svc, struct dw_buf *why)
{
	size_t n = svc->config->nlisten, all = n + svc->config->nudp;
	int r;

	if (svc->config->one_at_a_time && n > 1) {
		dw_buf_adds(why,
		    _("one customer at a time is served on one "
		      "address: give --listen once"));
		return DW_STATUS_USAGE;
	}
	svc->customers = calloc(n + 1, sizeof *svc->customers);
	svc->listeners = calloc(all + 1, sizeof *svc->listeners);
	svc->listener_names = calloc(all + 1, sizeof *svc->listener_names);
	svc->turns = calloc(all + 1, sizeof *svc->turns);
	if (svc->customers == NULL || svc->listeners == NULL ||
	    svc->listener_names == NULL || svc->turns == NULL)
		return DW_STATUS_FAILED;
	for (size_t i = 0; i < n; i++)
		if ((r = open_listener(svc, &svc->config->listen[i], why)) != 0)
			return r;
	return 0;
}

/* Operators would speak to whoever puts another socket there.  What cannot be
 * looked at cannot be bound to either, and that tells why. */
static int
check_folder(const char *folder, struct dw_buf *why)
{
	struct stat st;

	if (stat(folder, &st) < 0)
		return 0;
	switch (dw_folder_judge(&st, true)) {
	case DW_FOLDER_SAFE:
		return 0;
	case DW_FOLDER_ANOTHERS:
		dw_buf_addf(why,
		    _("the folder %s belongs to user %lu; the operators' "
		      "socket must be in one of your own or of root: choose "
		      "another path with --operator-socket PATH"),
		    folder, (unsigned long)st.st_uid);
		break;
	case DW_FOLDER_OPEN:
		dw_buf_addf(why,
		    _("others may write in the folder %s, and could put a "
		      "desk of their own in the place of the operators' "
		      "socket; take that away with 'chmod go-w', or choose "
		      "another path with --operator-socket PATH"),
		    folder);
		break;
	}
	return DW_STATUS_CONFIG;
}

/* Whose group is it, and may that pass? */
static bool
lets_group_pass(const char *folder, gid_t group)
{
	struct stat st;

	if (stat(folder, &st) < 0)
		return true; /* binding tells why */
	if (st.st_gid == group)
		return (st.st_mode & S_IXGRP) != 0;
	return (st.st_mode & S_IXOTH) != 0;
}

/* Its members come to the socket through all of its folders. */
static int
check_way(const struct svc *svc, const char *folder, struct dw_buf *why)
{
	const char *group = svc->config->people->operator_group;
	char *way = realpath(folder, NULL), *slash;
	int r = 0;

	while (way != NULL && way[0] != '\0' && r == 0) {
		if (!lets_group_pass(way, (gid_t)svc->operator_gid)) {
			dw_buf_addf(why,
			    _("the folder %s does not let the group %s through "
			      "to the operators' socket: say 'chgrp %s %s' and "
			      "'chmod g+x %s', or choose another path with "
			      "--operator-socket PATH"),
			    way, group, group, way, way);
			r = DW_STATUS_CONFIG;
		}
		if ((slash = strrchr(way, '/')) != NULL)
			*slash = '\0';
	}
	free(way);
	return r;
}

int
svc_check_operator_path(const struct svc *svc, struct dw_buf *why)
{
	const char *path = svc->config->operator_socket;
	char *folder;
	int r;

	/* An inherited one is in the hands of whoever made it. */
	if (path == NULL || svc->config->operator_fd >= 0)
		return 0;
	if ((folder = svc_folder_of(path)) == NULL)
		return DW_STATUS_FAILED;
	dw_buf_reset(why); /* a warning that is of no use then */
	r = check_folder(folder, why);
	if (r == 0 && svc->operator_gid >= 0)
		r = check_way(svc, folder, why);
	free(folder);
	return r;
}

/* Which group has the operators' socket beside its user?  An inherited one was
 * given to a group before. */
int
svc_find_operator_group(struct svc *svc, struct dw_buf *why)
{
	const struct svc_people *people = svc->config->people;
	gid_t gid;

	svc->operator_gid = -1;
	if (people == NULL || svc->config->operator_fd >= 0 ||
	    (people->operator_group == NULL && people->ngroups == 0))
		return 0;
	if (people->operator_group == NULL) {
		dw_buf_addf(why,
		    _("members of the group %s cannot come to the operators' "
		      "socket, which is its user's alone: name the group that "
		      "may with --operator-group GROUP"),
		    people->groups[0].name);
		return DW_STATUS_CONFIG;
	}
	if (svc_group_id(people->operator_group, &gid) < 0) {
		dw_buf_addf(why,
		    _("there is no group \"%s\" on this system for "
		      "--operator-group"),
		    people->operator_group);
		return DW_STATUS_CONFIG;
	}
	svc->operator_gid = (long)gid;
	return 0;
}

static int
say_not_your_group(const struct svc *svc, struct dw_buf *why)
{
	dw_buf_addf(why,
	    _("the operators' socket %s cannot be given to the group %s, of "
	      "which the user who runs this desk is no member: make it one, "
	      "or name another group with --operator-group GROUP"),
	    svc->config->operator_socket, svc->config->people->operator_group);
	return DW_STATUS_CONFIG;
}

static int
say_no_socket(const char *path, const char *error, struct dw_buf *why)
{
	dw_buf_addf(why,
	    _("cannot make the operators' socket %s: %s; choose "
	      "another path with --operator-socket PATH"),
	    path, error);
	return DW_STATUS_LISTEN;
}

static int
say_long_path(const char *path, struct dw_buf *why)
{
	dw_buf_addf(why,
	    _("the operators' socket cannot be %s: that path has %zu bytes, "
	      "and a Unix socket's has at most 107; name a shorter one with "
	      "--operator-socket PATH, the journal may stay where it is"),
	    path, strlen(path));
	return DW_STATUS_CONFIG;
}

/* Found before anything is opened, as it often comes of a long --state. */
static int
operator_address(const char *path, struct sks_addr *out, struct dw_buf *why)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	char error[256];
	int r = 0;

	if (path != NULL && dw_buf_addf(&text, "unix:%s", path) == 0)
		r = sks_addr_parse(text.data, 0, out);
	dw_buf_fini(&text);
	if (r == 0)
		return 0;
	if (r == SKS_ETOOLONG)
		return say_long_path(path, why);
	sks_error_text(error, sizeof error);
	return say_no_socket(path, error, why);
}

/* Also without a socket of its own: the console's link is adopted. */
static int
open_operators(struct svc *svc, struct dw_buf *why)
{
	const char *path = svc->config->operator_socket;
	struct sks_server_config cfg;
	struct sks_error error;
	char text[256];
	int r;

	if ((r = svc_find_operator_group(svc, why)) != 0 ||
	    (r = svc_check_operator_path(svc, why)) != 0)
		return r;
	sks_server_config_init(&cfg, SKS_UNIX_STREAM, SKS_THREADING);
	if ((r = operator_address(path, &cfg.address, why)) != 0)
		return r;
	svc_server_config(svc, &cfg);
	cfg.max_sessions = (unsigned)svc->config->limits.max_operators;
	cfg.bind_and_activate = path != NULL;
	if (cfg.stack_size < OPERATOR_STACK)
		cfg.stack_size = OPERATOR_STACK;
	if (svc->operator_gid >= 0) {
		cfg.unix_mode = 0660;
		cfg.unix_group = svc->operator_gid;
	}
	cfg.inherited_fd = svc->config->operator_fd;
	r = sks_server_new(&cfg, &svc_operator_server_ops, &svc_operator_ops,
	    &svc->operators);
	if (r == 0)
		return 0;
	if (cfg.inherited_fd >= 0)
		return svc_inherit_failed(path, why);
	sks_last_error(&error);
	if (r == SKS_EACCES && strcmp(error.what, "chown") == 0)
		return say_not_your_group(svc, why);
	sks_error_text(text, sizeof text);
	return say_no_socket(path, text, why);
}

static int
replay(void *arg, const struct ev_event *ev)
{
	struct svc *svc = svc_of(arg);

	svc_bans_event(&svc->bans, ev, svc_now());
	return desk_replay(svc->desk, ev);
}

/* Of a session that has ended meanwhile, or that a journal put back does not
 * know, there is none. */
static int
load_mark(void *arg, const struct store_mark *mark)
{
	struct svc *svc = svc_of(arg);

	if (desk_known(svc->desk, mark->sid) != NULL &&
	    mark->seq <= desk_last_seq(svc->desk))
		svc_marks_load(&svc->marks, mark);
	else
		svc_marks_drop(&svc->marks, mark->sid);
	return 0;
}

/* A desk can do without. */
static void
load_marks(struct svc *svc)
{
	struct store_marks *from;

	if (store_marks_open(svc->config->state_dir, &from) < 0)
		return;
	(void)store_marks_read(from, load_mark, svc);
	store_marks_close(from);
}

static int
open_desk(struct svc *svc, struct dw_buf *why)
{
	const struct svc_config *config = svc->config;
	struct store_config sc = { .dir = config->state_dir,
		.begin_new = config->begin_new,
		.accepts_end = config->accepts_end,
		.accepted_end = config->accepted_end };
	uint64_t seq, sid, missed;

	if (store_open(&sc, &svc->store, why) < 0)
		return DW_STATUS_FAILED;
	if (desk_new(&svc->held->desk, &svc->desk) < 0 ||
	    store_replay_open(svc->store, replay, svc) != 0 ||
	    store_unattended(svc->store, &missed) < 0) {
		dw_buf_addf(why, _("the journal in %s could not be read"),
		    config->state_dir);
		return DW_STATUS_FAILED;
	}
	store_last(svc->store, &seq, &sid);
	atomic_store(&svc->reader.upkeep.stored, seq);
	desk_missed(svc->desk, missed);
	desk_begin(svc->desk, seq, sid, svc_now());
	load_marks(svc);
	return 0;
}

/* On the desk thread. */
static void
farewell(struct svc_node *n)
{
	struct svc *svc = DW_LIST_OF(n, struct svc, farewell);
	struct wire_frame f = wire_frame_of(WIRE_BYE);

	svc_reload_end(svc);
	f.code = EV_CODE_STOP;
	f.text = _("the desk has stopped");
	f.len = strlen(f.text);
	svc_tell_operators(svc, &f);
}

/* A page of the past must fit into an operator's queue beside what happens
 * meanwhile. */
static size_t
page_bytes(const struct svc_limits *l)
{
	size_t quarter = (size_t)l->operator_queue / 4;

	return quarter < PAGE_BYTES ? quarter : PAGE_BYTES;
}

static struct svc *
svc_new(const struct svc_config *config)
{
	struct svc *svc = calloc(1, sizeof *svc);
	struct svc_settings *settings;

	if (svc == NULL)
		return NULL;
	svc->magic = SVC_MAGIC;
	svc->config = config;
	svc_log_init(svc);
	svc_pulse_init(svc);
	dw_list_init(&svc->links);
	svc_marks_init(&svc->marks);
	dw_list_init(&svc->done);
	dw_list_init(&svc->round);
	dw_list_init(&svc->kept);
	dw_list_init(&svc->reloads);
	svc_inbox_init(&svc->inbox);
	svc_bans_init(&svc->bans);
	svc_reader_init(&svc->reader, config->state_dir,
	    page_bytes(&config->limits), &svc->inbox, svc_upkeep_found,
	    svc_marks_room);
	svc_owner_init(&svc->owner);
	svc_node_init(&svc->drain, DESK_RQ_DRAIN, NULL, NULL);
	svc_node_init(&svc->farewell, DESK_RQ_NONE, NULL, &svc->owner);
	svc->farewell.ready = farewell;
	svc_node_init(&svc->look, DESK_RQ_NONE, NULL, NULL);
	svc->look.ready = svc_look_at_journal;
	svc_node_init(&svc->log_news, DESK_RQ_NONE, NULL, NULL);
	svc->log_news.ready = svc_logs_changed;
	svc_node_init(&svc->socket_news, DESK_RQ_NONE, NULL, NULL);
	svc->socket_news.ready = svc_tell_socket;
	svc_node_init(&svc->reload, DESK_RQ_NONE, NULL, &svc->owner);
	svc->reload.ready = svc_reloaded;
	svc->watch = (struct dw_watch)DW_WATCH_INITIALIZER;
	dw_lock_init(&svc->settings_lock, DW_LOCK_settings);
	if ((settings = svc_settings_new(config, NULL)) == NULL) {
		svc_close(svc);
		return NULL;
	}
	svc_settings_replace(svc, settings);
	return svc;
}

int
svc_open(const struct svc_config *config, struct svc **out, struct dw_buf *why)
{
	struct sks_addr addr;
	struct svc *svc;
	int r;

	*out = NULL;
	if ((r = operator_address(config->operator_socket, &addr, why)) != 0)
		return r;
	if ((svc = svc_new(config)) == NULL)
		return DW_STATUS_FAILED;
	if ((r = svc_proxies_init(&svc->proxies, config, why)) != 0 ||
	    (r = open_desk(svc, why)) != 0 ||
	    (r = open_customers(svc, why)) != 0 ||
	    (r = svc_udp_open(svc, why)) != 0 ||
	    (r = svc_metrics_open(svc, why)) != 0 ||
	    (r = open_operators(svc, why)) != 0) {
		svc_close(svc);
		return r;
	}
	*out = svc;
	return 0;
}

static int
start_servers(struct svc *svc)
{
	if (sks_server_start(svc->operators) < 0 || svc_metrics_start(svc) < 0)
		return -1;
	for (size_t i = 0; i < svc->ncustomers; i++)
		if (sks_server_start(svc->customers[i]) < 0)
			return -1;
	return svc_udp_start(svc);
}

int
svc_start(struct svc *svc, struct dw_buf *why)
{
	uint64_t last = atomic_load(&svc->reader.upkeep.stored);

	svc->began_ms = dw_clock_wall_ms();
	if (sks_postman_new(&svc->postman) < 0 ||
	    svc_reader_start(&svc->reader) < 0 ||
	    dw_thread_start(&svc->thread, "desk", DESK_STACK, svc_desk_thread,
		svc) < 0) {
		dw_buf_adds(why,
		    _("the desk's threads cannot be started: "
		      "this machine has no more to give"));
		return DW_STATUS_FAILED;
	}
	svc->started = true;
	svc_files_watch(svc);
	if (start_servers(svc) < 0) {
		dw_buf_adds(why,
		    _("the listeners' threads cannot be started: "
		      "this machine has no more to give"));
		return DW_STATUS_FAILED;
	}
	svc_log(svc, SVC_LOG_STARTED, NULL,
	    _("the desk works; the last event stored was %" PRIu64), last);
	return 0;
}

struct sks_socket *
svc_console(struct svc *svc)
{
	struct sks_socket *ours, *theirs;

	if (sks_socketpair(&ours, &theirs) < 0)
		return NULL;
	if (sks_server_adopt(svc->operators, theirs) < 0) {
		sks_socket_free(ours);
		sks_socket_free(theirs);
		return NULL;
	}
	return ours;
}

size_t
svc_listeners(const struct svc *svc, const struct svc_listener **all)
{
	*all = svc->listeners;
	return svc->nlisteners;
}

void
svc_drain(struct svc *svc)
{
	atomic_store(&svc->draining, true);
	svc_log(svc, SVC_LOG_STOPPING, NULL, "%s",
	    _("the desk says goodbye to everybody"));
	for (size_t i = 0; i < svc->ncustomers; i++)
		sks_server_request_shutdown(svc->customers[i]);
	svc_udp_request_stop(svc);
	svc_post_again(&svc->inbox, &svc->drain);
}

unsigned
svc_quits(const struct svc *svc)
{
	return atomic_load(&svc->quits);
}

bool
svc_drained(const struct svc *svc)
{
	return atomic_load(&svc->drained);
}

static void
close_customers(struct svc *svc)
{
	for (size_t i = 0; i < svc->ncustomers; i++) {
		sks_server_free(svc->customers[i]);
		svc->customers[i] = NULL;
	}
}

void
svc_end(struct svc *svc)
{
	close_customers(svc);
	svc_udp_stop(svc);
	if (!svc->started || svc->ended)
		return;
	svc->ended = true;
	sks_server_request_shutdown(svc->operators);
	svc_post(&svc->inbox, &svc->farewell);
	svc_wait(&svc->inbox, &svc->farewell);
}

static void
end_desk_thread(struct svc *svc)
{
	struct svc_node last;

	if (!svc->started)
		return;
	/* All senders are gone; one last node makes it look. */
	svc_node_init(&last, DESK_RQ_NONE, NULL, NULL);
	atomic_store(&svc->ending, true);
	svc_post(&svc->inbox, &last);
	dw_may_block("pthread_join");
	pthread_join(svc->thread, NULL);
}

/* Nobody else writes them any more. */
static void
write_last_marks(struct svc *svc)
{
	size_t n;
	struct store_mark *last = svc_marks_take(&svc->marks, &n);
	struct store_marks *to = NULL;

	if (last != NULL && store_marks_open(svc->config->state_dir, &to) == 0)
		(void)store_marks_write(to, last, n);
	store_marks_close(to);
	free(last);
}

/* The last row; nobody else writes any more. */
static void
log_end(struct svc *svc)
{
	svc_log_summaries(svc);
	if (svc->started)
		svc_log(svc, SVC_LOG_STOPPED, NULL, "%s",
		    _("the desk has stopped"));
}

void
svc_close(struct svc *svc)
{
	if (svc == NULL)
		return;
	svc_end(svc);
	sks_server_free(svc->operators);
	svc_metrics_close(svc);
	/* Nobody asks any more, and its news need a desk thread. */
	svc_reader_stop(&svc->reader);
	end_desk_thread(svc);
	svc_reader_fini(&svc->reader);
	svc_udp_close(svc);
	sks_postman_free(svc->postman);
	log_end(svc);
	write_last_marks(svc);
	dw_watch_close(&svc->watch);
	svc_marks_fini(&svc->marks);
	desk_free(svc->desk);
	store_close(svc->store);
	svc_settings_drop(svc->due);
	svc_settings_drop(svc->held);
	dw_lock_fini(&svc->settings_lock);
	svc_owner_fini(&svc->owner);
	svc_inbox_fini(&svc->inbox);
	svc_bans_fini(&svc->bans);
	svc_proxies_fini(&svc->proxies);
	dw_buf_fini(&svc->scratch);
	dw_buf_fini(&svc->news);
	for (size_t i = 0; i < svc->nlisteners; i++)
		free((char *)svc->listeners[i].name);
	free(svc->listener_names);
	free(svc->listeners);
	free(svc->customers);
	free(svc->turns);
	svc->magic = 0;
	free(svc);
}
