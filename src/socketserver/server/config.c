/* SPDX-License-Identifier: BSD-2-Clause */
/* This file has a server's attributes: their defaults, what they may be, and
 * what each kind and each concurrency stands for. */
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "base/thread.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

/* Size of the first released struct; a smaller one was never initialised. */
#define LEAST_SIZE offsetof(struct sks_server_config, bind_and_activate)

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct sks_kind_ops kinds[] = {
	[SKS_TCP] = {
		.type = SKS_STREAM,
		.takes_descriptor = 1,
		.activate = sks_listen_on,
		.get_request = sks_accept_request,
	},
	[SKS_UDP] = {
		.type = SKS_DGRAM,
		.prepare = sks_datagram_prepare,
		.get_request = sks_datagram_get_request,
	},
	[SKS_UNIX_STREAM] = {
		.type = SKS_STREAM,
		.is_unix = 1,
		.takes_descriptor = 1,
		.activate = sks_listen_on,
		.get_request = sks_accept_request,
	},
	[SKS_UNIX_DGRAM] = {
		.type = SKS_DGRAM,
		.is_unix = 1,
		.prepare = sks_datagram_prepare,
		.get_request = sks_datagram_get_request,
	},
};

const struct sks_kind_ops *
sks_kind_find(enum sks_kind kind)
{
	return sks_check_enum(kind, COUNT(kinds), "no such kind of server") <
		0 ?
	    NULL :
	    &kinds[kind];
}

const struct sks_mixin_ops *
sks_mixin_find(enum sks_concurrency concurrency)
{
	static const struct sks_mixin_ops *const mixins[] = {
		[SKS_SYNC] = &sks_base_server,
		[SKS_THREADING] = &sks_threading_mixin,
		[SKS_FORKING] = &sks_forking_mixin,
	};

	return sks_check_enum(concurrency, COUNT(mixins),
		   "no such concurrency") < 0 ?
	    NULL :
	    mixins[concurrency];
}

static struct sks_server_config
defaults(enum sks_kind kind, enum sks_concurrency concurrency)
{
	return (struct sks_server_config){
		.kind = kind,
		.concurrency = concurrency,
		.bind_and_activate = 1,
		.backlog = -1,
		.allow_reuse_address = kind != SKS_UDP,
		.max_packet_size = 65535,
		.unix_unlink = 1,
		.unix_unlink_stale = 1,
		.dual_stack = 1,
		.timeout = INFINITY,
		.service_interval = INFINITY,
		.idle_timeout = INFINITY,
		.max_children = 40,
		.block_on_close = 1,
		.loopback_exempt = 1,
		.overload = SKS_REFUSE,
		.grace = 5,
		.thread_name = "worker-",
		.unix_mode = 0600,
		.max_parked = 64,
		.unix_group = -1,
		.inherited_fd = -1,
	};
}

void
sks_server_config_init_sized(struct sks_server_config *cfg, size_t size,
    enum sks_kind kind, enum sks_concurrency concurrency)
{
	struct sks_server_config ours = defaults(kind, concurrency);

	ours.size = size;
	memset(cfg, 0, size);
	memcpy(cfg, &ours, size < sizeof ours ? size : sizeof ours);
}

/* The name is in parentheses because it is also a macro. */
void(sks_server_config_init)(struct sks_server_config *cfg, enum sks_kind kind,
    enum sks_concurrency concurrency)
{
	sks_server_config_init_sized(cfg, sizeof *cfg, kind, concurrency);
}

static int
check_address(const struct sks_server_config *cfg, const struct sks_addr *a)
{
	enum sks_family family = sks_addr_family(a);

	if (family == SKS_UNSPEC)
		return cfg->bind_and_activate ?
		    sks_fail(SKS_EINVAL, "no address to listen on") :
		    0;
	if (sks_kind_find(cfg->kind)->is_unix != (family == SKS_UNIX))
		return sks_fail(SKS_EINVAL,
		    "the address is not of the server's kind");
	if (family == SKS_UNIX && cfg->allow_reuse_port)
		return sks_fail(SKS_EINVAL,
		    "allow_reuse_port is not for Unix sockets");
	return 0;
}

/* What kind of socket it is shows when it is opened.  Whether it is open at all
 * must be asked before the server opens anything, which would get its number. */
static int
check_inherited(const struct sks_server_config *cfg)
{
	if (cfg->n_more != 0)
		return sks_fail(SKS_EINVAL,
		    "an inherited socket is the only listener");
	if (fcntl(cfg->inherited_fd, F_GETFD) < 0)
		return sks_fail(SKS_EINVAL, "inherited_fd is not open");
	return 0;
}

static int
check_addresses(const struct sks_server_config *cfg)
{
	int r;

	if (cfg->inherited_fd >= 0)
		return check_inherited(cfg);
	r = check_address(cfg, &cfg->address);
	for (size_t i = 0; i < cfg->n_more && r == 0; i++)
		r = check_address(cfg, &cfg->more_addresses[i]);
	return r;
}

static int
check(const struct sks_server_config *cfg)
{
	if (sks_kind_find(cfg->kind) == NULL ||
	    sks_mixin_find(cfg->concurrency) == NULL ||
	    sks_check_enum(cfg->overload, SKS_WAIT + 1,
		"no such policy of overload") < 0)
		return SKS_EINVAL;
	if (cfg->max_children == 0)
		return sks_fail(SKS_EINVAL, "max_children is at least 1");
	if (isnan(cfg->timeout) || cfg->timeout < 0 || isnan(cfg->grace) ||
	    cfg->grace < 0)
		return sks_fail(SKS_EINVAL, "a time-out is not negative");
	if (cfg->together != NULL &&
	    (cfg->overload == SKS_WAIT ||
		cfg->together->cfg.overload == SKS_WAIT))
		return sks_fail(SKS_EINVAL,
		    "servers that wait for a place cannot count together");
	if (cfg->max_packet_size == 0)
		return sks_fail(SKS_EINVAL,
		    "max_packet_size must be more than 0");
	if (!(cfg->service_interval > 0))
		return sks_fail(SKS_EINVAL,
		    "service_interval must be more than 0");
	if (isnan(cfg->refused_grace) || cfg->refused_grace < 0 ||
	    isinf(cfg->refused_grace))
		return sks_fail(SKS_EINVAL,
		    "refused_grace is a number of seconds");
	if (cfg->batch_workers && !dw_thread_has_batch())
		return sks_fail(SKS_ENOTSUP, "this system has no SCHED_BATCH");
	if (!(cfg->idle_timeout > 0))
		return sks_fail(SKS_EINVAL, "idle_timeout must be more than 0");
	return check_addresses(cfg);
}

int
sks_server_config_complete(const struct sks_server_config *given,
    struct sks_server_config *out)
{
	if (given->size < LEAST_SIZE)
		return sks_fail(SKS_EINVAL,
		    "sks_server_config_init was not called");
	if (given->size > sizeof *out)
		return sks_fail(SKS_ENOTSUP,
		    "the program was built for a newer library");
	*out = defaults(given->kind, given->concurrency);
	memcpy(out, given, given->size);
	out->size = sizeof *out;
	return check(out);
}
