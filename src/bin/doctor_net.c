/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file looks at the ways in: the ports, who could read what is said, and
 * the operators' socket.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "bin/doctor.h"
#include "bin/paths.h"
#include "service/identity.h"
#include "service/proxies.h"

#define ANSWER_SECONDS 1.0

/* What kind of way in is looked at. */
struct way {
	const char *what, *option;
	bool udp;
	unsigned port; /* where a text names none */
	bool file;     /* it may be a Unix socket */
};

/* ---- ports ---- */

/* It binds without listening, so nobody can come in.  Returns 0 or SKS_E*. */
static int
try_port(const struct sks_addr *at, bool udp)
{
	static const struct sks_handler_ops nobody = {
		SKS_HANDLER_OPS(struct sks_handler)
	};
	struct sks_server_config cfg;
	struct sks_server *srv;
	int r;

	sks_server_config_init(&cfg, udp ? SKS_UDP : SKS_TCP, SKS_THREADING);
	cfg.bind_and_activate = 0;
	cfg.address = *at;
	if ((r = sks_server_new(&cfg, NULL, &nobody, &srv)) < 0)
		return r;
	r = sks_server_bind(srv);
	sks_server_free(srv);
	return r;
}

static void
say_taken(struct doctor *d, const struct way *way, const char *text,
    const struct sks_addr *at)
{
	char name[64];
	pid_t pid = proc_listener(at, way->udp, d->desk, name, sizeof name);

	if (pid != DOCTOR_UNKNOWN && pid == d->desk)
		doctor_say(d, DOCTOR_OK, way->what,
		    _("%s is the running desk's, process %ld"), text,
		    (long)pid);
	else if (pid != DOCTOR_UNKNOWN)
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("%s is taken by %s, process %ld; end that, or choose "
		      "another address with %s"),
		    text, name, (long)pid, way->option);
	else if (d->desk != 0)
		doctor_say(d, DOCTOR_WARN, way->what,
		    _("%s is taken, most likely by the desk that runs, but who "
		      "has it cannot be seen from here; look as root"),
		    text);
	else
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("%s is taken by a program that only root can see; end "
		      "that, or choose another address with %s"),
		    text, way->option);
}

static void
say_unusable(struct doctor *d, const struct way *way, const char *text, int r)
{
	char error[256];

	sks_error_text(error, sizeof error);
	if (r == SKS_EADDRNOTAVAIL)
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("this machine has no address %s; choose another with "
		      "%s"),
		    text, way->option);
	else if (r == SKS_EACCES)
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("you may not have %s; choose a port above 1023 with %s, "
		      "or let a socket unit open it"),
		    text, way->option);
	else
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("%s cannot be had: %s; choose another with %s"), text,
		    error, way->option);
}

static void
look_at_port(struct doctor *d, const struct way *way, const char *text,
    const struct sks_addr *at)
{
	enum sks_scope scope = sks_addr_scope(at);
	int r = try_port(at, way->udp);

	if (r == SKS_EADDRINUSE)
		say_taken(d, way, text, at);
	else if (r < 0)
		say_unusable(d, way, text, r);
	else if ((scope == SKS_SCOPE_PUBLIC || scope == SKS_SCOPE_ANY) &&
	    !d->o->public_allowed)
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("the whole world could connect to %s; choose an address "
		      "of a private network, or add --allow-plaintext-public"),
		    text);
	else
		doctor_say(d, DOCTOR_OK, way->what, _("%s is free"), text);
}

/* ---- sockets that are files ---- */

/* Does somebody answer there?  Returns 0 or SKS_E*. */
static int
call_file(const char *path)
{
	struct sks_socket *s;
	int r = sks_create_connection_unix(path, ANSWER_SECONDS, &s);

	if (r == 0)
		sks_socket_free(s);
	return r;
}

static bool
is_other_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode);
}

static void
look_at_file(struct doctor *d, const struct way *way, const char *path)
{
	int r = is_other_file(path) ? SKS_ENOTSUP : call_file(path);
	char error[256];

	if (r == 0 && d->desk == 0)
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("another desk answers at %s; end it, or choose another "
		      "path with %s"),
		    path, way->option);
	else if (r == 0)
		doctor_say(d, DOCTOR_OK, way->what, _("a desk answers at %s"),
		    path);
	else if (r == SKS_ECONNREFUSED)
		doctor_say(d, DOCTOR_WARN, way->what,
		    _("%s is left from a desk that is gone, and nobody "
		      "answers there; the next start replaces it"),
		    path);
	else if (r == SKS_ENOENT && d->desk != 0)
		doctor_say(d, DOCTOR_WARN, way->what,
		    _("a desk runs, but not with its socket at %s; name the "
		      "one that it has with %s"),
		    path, way->option);
	else if (r == SKS_ENOENT)
		doctor_say(d, DOCTOR_OK, way->what,
		    _("%s is made when a desk starts"), path);
	else if (r == SKS_ENOTSUP)
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("%s is no socket; remove it, or choose another path "
		      "with %s"),
		    path, way->option);
	else if (r == SKS_EACCES && d->desk != 0)
		doctor_say(d, DOCTOR_WARN, way->what,
		    _("%s is not yours to connect to, and so it cannot be seen "
		      "from here whether a desk answers there; look as root"),
		    path);
	else
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("%s cannot be had: %s; choose another with %s"), path,
		    sks_error_text(error, sizeof error), way->option);
}

/* ---- what the options name ---- */

static void
look_at_way(struct doctor *d, const struct way *way,
    const struct svc_endpoint *e)
{
	struct sks_addr at;

	if (sks_addr_parse(e->text, way->port, &at) < 0 ||
	    (sks_addr_family(&at) == SKS_UNIX && !way->file))
		doctor_say(d, DOCTOR_FAIL, way->what,
		    _("\"%s\" is no address; write it as 127.0.0.1:%u or "
		      "[::1]:%u, with %s"),
		    e->text, way->port, way->port, way->option);
	else if (sks_addr_family(&at) == SKS_UNIX)
		look_at_file(d, way, e->text + strlen("unix:"));
	else if (sks_addr_port(&at) == 0)
		doctor_say(d, DOCTOR_OK, way->what,
		    _("%s takes any port that is free"), e->text);
	else
		look_at_port(d, way, e->text, &at);
}

/* A start is refused where the two do not fit together. */
static void
look_at_proxies(struct doctor *d)
{
	const struct svc_config config = { .listen = d->at.listen,
		.nlisten = d->at.nlisten,
		.proxy_from = d->o->proxy_from.all,
		.nproxy_from = d->o->proxy_from.n };
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct svc_proxies proxies;

	if (svc_proxies_init(&proxies, &config, &why) != DW_STATUS_OK)
		doctor_say(d, DOCTOR_FAIL, _("customers' address"), "%s",
		    why.len > 0 ? dw_buf_str(&why) : _("out of memory"));
	svc_proxies_fini(&proxies);
	dw_buf_fini(&why);
}

void
doctor_ports(struct doctor *d)
{
	const struct way tcp = { _("customers' address"), "--listen", false,
		SVC_PORT, true };
	const struct way udp = { _("datagrams' address"), "--udp", true,
		SVC_PORT, false };

	for (size_t i = 0; i < d->at.nlisten; i++)
		look_at_way(d, &tcp, &d->at.listen[i]);
	for (size_t i = 0; i < d->at.nudp; i++)
		look_at_way(d, &udp, &d->at.udp[i]);
	look_at_proxies(d);
}

void
doctor_metrics(struct doctor *d)
{
	const struct way way = { _("metrics"), "--metrics", false,
		SVC_METRICS_PORT, false };

	for (size_t i = 0; i < d->at.nmetrics; i++)
		look_at_way(d, &way, &d->at.metrics[i]);
	if (d->at.nmetrics == 0)
		doctor_say(d, DOCTOR_OK, way.what,
		    _("nobody asks for them; --metrics=127.0.0.1:%d answers "
		      "Prometheus"),
		    SVC_METRICS_PORT);
}

/* ---- who could read what is said ---- */

static const char *const proxies[] = { "stunnel", "stunnel4", "haproxy",
	"nginx" };

/* Is it in this list of folders? */
static bool
is_in_path(const char *folders, const char *program)
{
	bool found = false;
	char *path;
	size_t n;

	for (; !found && *folders != '\0'; folders += n + (folders[n] == ':')) {
		n = strcspn(folders, ":");
		if (asprintf(&path, "%.*s/%s", (int)n, folders, program) < 0)
			return false;
		found = access(path, X_OK) == 0;
		free(path);
	}
	return found;
}

/* The first that is installed; NULL: none. */
static const char *
find_proxy(void)
{
	const char *path = getenv("PATH");

	for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++)
		if (is_in_path(path != NULL ? path : "", proxies[i]) ||
		    is_in_path("/usr/local/sbin:/usr/sbin:/sbin:/usr/bin",
			proxies[i]))
			return proxies[i];
	return NULL;
}

/* Can others on the way read it? */
static bool
is_open(const struct svc_endpoint *e)
{
	struct sks_addr at;
	enum sks_scope scope;

	if (e->proxy || sks_addr_parse(e->text, SVC_PORT, &at) < 0)
		return false;
	scope = sks_addr_scope(&at);
	return scope != SKS_SCOPE_LOCAL && scope != SKS_SCOPE_LOOPBACK;
}

static void
say_open(struct doctor *d, const char *text, const char *proxy)
{
	if (proxy != NULL)
		doctor_say(d, DOCTOR_WARN, _("encryption"),
		    _("what is said at %s travels as plain text; %s is "
		      "installed and can encrypt it, doc/admin.md has recipes"),
		    text, proxy);
	else
		doctor_say(d, DOCTOR_WARN, _("encryption"),
		    _("what is said at %s travels as plain text; install "
		      "stunnel4, haproxy or nginx, doc/admin.md has recipes"),
		    text);
}

void
doctor_plaintext(struct doctor *d)
{
	const char *proxy = find_proxy();
	bool any = false, behind = false;

	for (size_t i = 0; i < d->at.nlisten; i++) {
		behind |= d->at.listen[i].proxy;
		any |= is_open(&d->at.listen[i]);
		if (is_open(&d->at.listen[i]))
			say_open(d, d->at.listen[i].text, proxy);
	}
	if (any)
		return;
	if (behind && proxy == NULL)
		doctor_say(d, DOCTOR_WARN, _("encryption"),
		    _("customers come by a proxy, and this machine has none; "
		      "if it is no other machine's, install stunnel4, haproxy "
		      "or nginx, doc/admin.md has recipes"));
	else if (behind)
		doctor_say(d, DOCTOR_OK, _("encryption"),
		    _("customers come by a proxy, and %s is installed"), proxy);
	else
		doctor_say(d, DOCTOR_OK, _("encryption"),
		    _("customers come from this machine alone"));
}

/* ---- operators ---- */

void
doctor_socket(struct doctor *d)
{
	const struct way way = { .what = _("operators' socket"),
		.option = "--operator-socket" };
	struct svc_config config = { .operator_socket = d->socket,
		.operator_fd = -1 };
	struct dw_buf why = DW_BUF_INITIALIZER;
	gid_t gid;

	/* Of a group that is not there its own row says so. */
	if (d->o->operator_group != NULL &&
	    svc_group_id(d->o->operator_group, &gid) == 0)
		config.people = &d->o->people;
	/* Root's start would be another one than that of whose desk it is. */
	if (d->owner == NULL && svc_check_operators(&config, &why) != 0)
		doctor_say(d, DOCTOR_FAIL, way.what, "%s", dw_buf_str(&why));
	else
		look_at_file(d, &way, d->socket);
	dw_buf_fini(&why);
}

/* A service is another desk's, unless it is this one. */
void
doctor_service(struct doctor *d)
{
	int r;

	if (strcmp(d->socket, PATH_SYSTEM_SOCKET) == 0)
		return;
	r = call_file(PATH_SYSTEM_SOCKET);
	if (r == 0)
		doctor_say(d, DOCTOR_OK, _("service"),
		    _("a desk runs as a service, with its socket at %s"),
		    PATH_SYSTEM_SOCKET);
	else if (r == SKS_ENOENT)
		doctor_say(d, DOCTOR_OK, _("service"),
		    _("no desk runs as a service here"));
	else if (r == SKS_EACCES)
		doctor_say(d, DOCTOR_OK, _("service"),
		    _("a desk runs as a service, and you are none of its "
		      "operators"));
	else
		doctor_say(d, DOCTOR_WARN, _("service"),
		    _("nobody answers at %s; look with 'systemctl status "
		      "deskwire'"),
		    PATH_SYSTEM_SOCKET);
}
