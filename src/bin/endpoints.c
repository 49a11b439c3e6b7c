/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file makes of options, and of the sockets that the desk was started with,
 * where it is to be reached.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "bin/endpoints.h"

#define DEFAULT_LISTEN "127.0.0.1:6666"
#define FIRST_FD       3 /* SD_LISTEN_FDS_START */
#define PROXY_MARK     ",proxy"

/* Where sockets of each name go, and which kind they must be of.  A proxy may
 * bring customers to a Unix socket. */
enum use { CUSTOMERS, OPERATORS, UDP, METRICS, USES };

static const struct {
	const char *name;
	enum sks_type type;
	bool may_be_unix, may_be_ip;
	unsigned port; /* where a text names none */
	const char *option, *kind;
} uses[USES] = {
	[CUSTOMERS] = { "customers", SKS_STREAM, true, true, SVC_PORT, "listen",
	    N_("a stream socket") },
	[OPERATORS] = { "operators", SKS_STREAM, true, false, 0,
	    "operator-socket", N_("a Unix stream socket with a path") },
	[UDP] = { "udp", SKS_DGRAM, false, true, SVC_PORT, "udp",
	    N_("a UDP socket") },
	[METRICS] = { "metrics", SKS_STREAM, false, true, SVC_METRICS_PORT,
	    "metrics", N_("a TCP socket") },
};

/* ---- what was inherited ---- */

static long
number_in(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long n;

	if (text == NULL)
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && n > 0 ? n : 0;
}

/* Cuts the names apart, "" where there are fewer than descriptors. */
static void
name_all(struct endpoints *e)
{
	char *rest = e->names;

	for (size_t i = 0; i < e->ninherited; i++) {
		char *name = rest != NULL ? strsep(&rest, ":") : NULL;

		e->inherited[i].fd = FIRST_FD + (int)i;
		e->inherited[i].name = name != NULL ? name : "";
	}
}

static int
take_variables(struct endpoints *e)
{
	const char *names = getenv("LISTEN_FDNAMES");
	long n = number_in("LISTEN_FDS");
	int status = DW_STATUS_OK;

	if (number_in("LISTEN_PID") == (long)getpid() && n > 0) {
		e->inherited = calloc((size_t)n, sizeof *e->inherited);
		e->names = strdup(names != NULL ? names : "");
		if (e->inherited != NULL && e->names != NULL) {
			e->ninherited = (size_t)n;
			name_all(e);
		} else {
			print_error(_("out of memory"));
			status = DW_STATUS_FAILED;
		}
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return status;
}

static int
find_use(const char *name)
{
	int use = 0;

	while (use < USES && strcmp(uses[use].name, name) != 0)
		use++;
	return use;
}

/* Looks at a socket and leaves it where it is, close-on-exec. */
static bool
look_at(struct inherited *i, enum sks_family *family, enum sks_type *type)
{
	struct sks_socket *s;
	bool is_bound;
	int fd;

	if (sks_socket_fromfd(i->fd, &s) < 0)
		return false;
	*family = sks_socket_family(s);
	*type = sks_socket_type(s);
	is_bound = sks_getsockname(s, &i->addr) == 0;
	sks_addr_format(&i->addr, SKS_STYLE_PLAIN, i->text, sizeof i->text);
	fd = sks_detach(s);
	sks_socket_free(s);
	return is_bound && fd == i->fd;
}

static int
refuse_name(const struct inherited *i)
{
	print_error(
	    _("the desk was started with a socket of the name \"%s\", and knows "
	      "customers, operators, udp and metrics: correct "
	      "FileDescriptorName= in its .socket unit"),
	    i->name);
	return DW_STATUS_LISTEN;
}

/* Operators find theirs by its path, which a name in the abstract namespace has
 * not: nor has that any rights. */
static bool
suits(enum use use, const struct inherited *i, enum sks_family family)
{
	if (family == SKS_UNSPEC)
		return false;
	if (family != SKS_UNIX)
		return uses[use].may_be_ip;
	return uses[use].may_be_unix &&
	    (use != OPERATORS || sks_addr_path(&i->addr) != NULL);
}

static int
check_inherited(struct inherited *i)
{
	int use = find_use(i->name);
	enum sks_family family;
	enum sks_type type;

	if (use == USES)
		return refuse_name(i);
	if (look_at(i, &family, &type) && type == uses[use].type &&
	    suits((enum use)use, i, family))
		return DW_STATUS_OK;
	print_error(
	    _("the desk was started with a socket of the name \"%s\" that is "
	      "not %s: correct ListenStream= or ListenDatagram= in its "
	      ".socket unit"),
	    i->name, _(uses[use].kind));
	return DW_STATUS_LISTEN;
}

static size_t
count(const struct endpoints *e, enum use use)
{
	size_t n = 0;

	for (size_t i = 0; i < e->ninherited; i++)
		n += strcmp(e->inherited[i].name, uses[use].name) == 0;
	return n;
}

/* ---- and what is configured ---- */

/* All interfaces are the same ones, by IPv4 or by IPv6 that serves both. */
static bool
same_place(const struct sks_addr *a, const struct sks_addr *b)
{
	if (sks_addr_family(a) == SKS_UNIX || sks_addr_family(b) == SKS_UNIX) {
		const char *p = sks_addr_path(a), *q = sks_addr_path(b);

		return p != NULL && q != NULL && strcmp(p, q) == 0;
	}
	return sks_addr_port(a) == sks_addr_port(b) &&
	    (sks_addr_same_host(a, b) ||
		(sks_addr_scope(a) == SKS_SCOPE_ANY &&
		    sks_addr_scope(b) == SKS_SCOPE_ANY));
}

static bool
has_mark(const char *text)
{
	size_t len = strlen(text), mark = strlen(PROXY_MARK);

	return len > mark && strcmp(text + len - mark, PROXY_MARK) == 0;
}

/* The address in a text without the mark.  One that is none is refused later, by
 * name. */
static bool
read_place(enum use use, const char *text, struct sks_addr *out)
{
	bool marked = use == CUSTOMERS && has_mark(text);
	size_t len = strlen(text) - (marked ? strlen(PROXY_MARK) : 0);
	char *copy = strndup(text, len);
	bool read =
	    copy != NULL && sks_addr_parse(copy, uses[use].port, out) == 0;

	free(copy);
	return read;
}

static struct inherited *
find_inherited(const struct endpoints *e, enum use use, const char *text)
{
	struct sks_addr addr;

	if (!read_place(use, text, &addr))
		return NULL;
	for (size_t i = 0; i < e->ninherited; i++)
		if (strcmp(e->inherited[i].name, uses[use].name) == 0 &&
		    same_place(&e->inherited[i].addr, &addr))
			return &e->inherited[i];
	return NULL;
}

static int
refuse_address(enum use use, const char *text)
{
	print_error(
	    _("the configuration names %s %s, and no socket of the name %s that "
	      "the desk was started with is there: nobody would come; take it "
	      "out of the configuration, or put it into the .socket unit"),
	    uses[use].option, text, uses[use].name);
	return DW_STATUS_CONFIG;
}

/* Each configured address must be one that somebody can reach. */
static int
check_list(const struct endpoints *e, enum use use,
    const struct option_list *list)
{
	for (size_t i = 0; i < list->n && e->ninherited > 0; i++)
		if (find_inherited(e, use, list->all[i]) == NULL)
			return refuse_address(use, list->all[i]);
	return DW_STATUS_OK;
}

static bool
is_marked(const struct inherited *at, const struct option_list *list)
{
	struct sks_addr addr;

	for (size_t i = 0; i < list->n; i++)
		if (has_mark(list->all[i]) &&
		    read_place(CUSTOMERS, list->all[i], &addr) &&
		    same_place(&at->addr, &addr))
			return true;
	return false;
}

static void
put_inherited(const struct endpoints *e, enum use use,
    const struct option_list *list, struct svc_endpoint *out)
{
	for (size_t i = 0; i < e->ninherited; i++) {
		const struct inherited *at = &e->inherited[i];

		if (strcmp(at->name, uses[use].name) != 0)
			continue;
		*out++ = (struct svc_endpoint){ .text = at->text,
			.fd = at->fd,
			.proxy = is_marked(at, list) };
	}
}

/* Only customers come by a proxy: elsewhere what looks like the mark makes the
 * address one that is none.  Returns false: no memory.  The text of one with a
 * mark is its own. */
static bool
put_list(enum use use, const struct option_list *list, struct svc_endpoint *out)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->all[i];
		bool proxy = use == CUSTOMERS && has_mark(text);

		if (proxy)
			text = strndup(text, strlen(text) - strlen(PROXY_MARK));
		out[i] = (struct svc_endpoint){ .text = text,
			.fd = -1,
			.proxy = proxy };
		if (text == NULL)
			return false;
	}
	return true;
}

/* otherwise: what is usual where nothing is named and nothing inherited. */
static int
take_list(const struct endpoints *e, enum use use,
    const struct option_list *list, const struct option_list *otherwise,
    struct svc_endpoint **out, size_t *n)
{
	size_t inherited = count(e, use);
	int status = check_list(e, use, list);

	if (status != DW_STATUS_OK)
		return status;
	if (inherited == 0 && list->n == 0)
		list = otherwise;
	*n = inherited > 0 ? inherited : list->n;
	if ((*out = calloc(*n + 1, sizeof **out)) == NULL)
		*n = 0;
	else if (inherited > 0)
		put_inherited(e, use, list, *out);
	if (*out != NULL && (inherited > 0 || put_list(use, list, *out)))
		return DW_STATUS_OK;
	print_error(_("out of memory"));
	return DW_STATUS_FAILED;
}

static int
take_operators(struct endpoints *e, const struct options *o)
{
	if (count(e, OPERATORS) > 1) {
		print_error(
		    _("the desk was started with several sockets of the "
		      "name operators, and takes one"));
		return DW_STATUS_LISTEN;
	}
	for (size_t i = 0; i < e->ninherited; i++) {
		const struct inherited *at = &e->inherited[i];

		if (strcmp(at->name, uses[OPERATORS].name) != 0)
			continue;
		e->operator_fd = at->fd;
		e->operator_path = sks_addr_path(&at->addr);
	}
	if (e->operator_path != NULL && o->operator_socket != NULL &&
	    strcmp(e->operator_path, o->operator_socket) != 0)
		return refuse_address(OPERATORS, o->operator_socket);
	return DW_STATUS_OK;
}

/* ---- how far the unit lets anybody come ---- */

static int
take_reach(struct endpoints *e)
{
	static const char *const words[] = {
		[SVC_REACH_PUBLIC] = "public",
		[SVC_REACH_PRIVATE] = "private",
		[SVC_REACH_LOOPBACK] = "loopback",
	};
	const char *word = getenv("DESKWIRE_REACH");

	if (word == NULL || *word == '\0')
		return DW_STATUS_OK;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i]) == 0) {
			e->reach = (enum svc_reach)i;
			return DW_STATUS_OK;
		}
	print_error(_("the variable DESKWIRE_REACH takes loopback, private or "
		      "public, not \"%s\""),
	    word);
	return DW_STATUS_CONFIG;
}

int
endpoints_init(struct endpoints *e, const struct options *o)
{
	static const char *usual[] = { DEFAULT_LISTEN };
	const struct option_list default_listen = { usual, 1 }, none = { 0 };
	int status;

	memset(e, 0, sizeof *e);
	e->operator_fd = -1;
	status = take_variables(e);
	for (size_t i = 0; i < e->ninherited && status == DW_STATUS_OK; i++)
		status = check_inherited(&e->inherited[i]);
	if (status != DW_STATUS_OK || (status = take_reach(e)) != 0 ||
	    (status = take_operators(e, o)) != 0 ||
	    (status = take_list(e, CUSTOMERS, &o->listen, &default_listen,
		 &e->listen, &e->nlisten)) != 0 ||
	    (status = take_list(e, UDP, &o->udp, &none, &e->udp, &e->nudp)) !=
		0)
		return status;
	return take_list(e, METRICS, &o->metrics, &none, &e->metrics,
	    &e->nmetrics);
}

/* The service has duplicates. */
void
endpoints_fini(struct endpoints *e)
{
	for (size_t i = 0; i < e->ninherited; i++)
		close(e->inherited[i].fd);
	for (size_t i = 0; i < e->nlisten; i++)
		if (e->listen[i].proxy && e->listen[i].fd < 0)
			free((char *)e->listen[i].text);
	free(e->inherited);
	free(e->names);
	free(e->listen);
	free(e->udp);
	free(e->metrics);
}
