/* SPDX-License-Identifier: BSD-2-Clause */
/* This file has the sentence of every error, the error of every errno, and the
 * last failure of each thread. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "socketserver/net/error.h"

struct name {
	int code;
	const char *sentence;
};

struct mapping {
	int sys_errno;
	int code;
};

static const struct name names[] = {
	{ 0, "no error" },
	{ SKS_STOP, "told to stop" },
	{ SKS_ESYS, "a system call failed" },
	{ SKS_EINVAL, "an argument makes no sense" },
	{ SKS_ENOMEM, "out of memory" },
	{ SKS_ETIMEDOUT, "timed out" },
	{ SKS_EAGAIN, "nothing there without waiting" },
	{ SKS_ECLOSED, "already closed on this side" },
	{ SKS_ERESET, "the peer is gone" },
	{ SKS_EEOF, "the peer ended before all was there" },
	{ SKS_EOVERFLOW, "the outbox is full" },
	{ SKS_ETOOLONG, "longer than its limit" },
	{ SKS_EADDRINUSE, "the address is in use by another program" },
	{ SKS_EADDRNOTAVAIL, "this machine does not have that address" },
	{ SKS_EACCES, "permission denied" },
	{ SKS_ECONNREFUSED, "nobody listens there" },
	{ SKS_EUNREACH, "no way to that host" },
	{ SKS_ERESOLVE, "the host name is not known" },
	{ SKS_EBUSY, "somebody else is doing this already" },
	{ SKS_EDEADLK, "waiting here would never end" },
	{ SKS_ENOTCONN, "not connected" },
	{ SKS_ENOFILES, "out of file descriptors" },
	{ SKS_ENOTHREAD, "no further thread or process could be started" },
	{ SKS_ENOTSUP, "not supported" },
	{ SKS_EUSER, "the application failed" },
	{ SKS_ENOENT, "there is no such path" },
	{ SKS_EILSEQ, "these bytes are not UTF-8" },
	{ SKS_EPROTO, "these bytes do not follow the framing" },
};

static const struct mapping mappings[] = {
	{ EINVAL, SKS_EINVAL },
	{ ENOMEM, SKS_ENOMEM },
	{ ENOBUFS, SKS_ENOMEM },
	{ ETIMEDOUT, SKS_ETIMEDOUT },
	{ EAGAIN, SKS_EAGAIN },
	{ EINPROGRESS, SKS_EAGAIN },
	{ EALREADY, SKS_EAGAIN },
	{ EBADF, SKS_ECLOSED },
	{ EPIPE, SKS_ERESET },
	{ ECONNRESET, SKS_ERESET },
	{ ECONNABORTED, SKS_ERESET },
	{ ENOENT, SKS_ENOENT },
	{ ENAMETOOLONG, SKS_ETOOLONG },
	{ EMSGSIZE, SKS_ETOOLONG },
	{ EADDRINUSE, SKS_EADDRINUSE },
	{ EADDRNOTAVAIL, SKS_EADDRNOTAVAIL },
	{ EACCES, SKS_EACCES },
	{ EPERM, SKS_EACCES },
	{ ECONNREFUSED, SKS_ECONNREFUSED },
	{ ENETUNREACH, SKS_EUNREACH },
	{ EHOSTUNREACH, SKS_EUNREACH },
	{ ENETDOWN, SKS_EUNREACH },
	{ ENOTCONN, SKS_ENOTCONN },
	{ EDESTADDRREQ, SKS_ENOTCONN },
	{ EMFILE, SKS_ENOFILES },
	{ ENFILE, SKS_ENOFILES },
	{ EOPNOTSUPP, SKS_ENOTSUP },
	{ ENOPROTOOPT, SKS_ENOTSUP },
	{ EAFNOSUPPORT, SKS_ENOTSUP },
	{ ESOCKTNOSUPPORT, SKS_ENOTSUP },
	{ EPROTONOSUPPORT, SKS_ENOTSUP },
	{ EPROTOTYPE, SKS_ENOTSUP },
};

/* What a connection in use reports when its peer has gone. */
static const int peer_gone[] = {
	EPIPE,
	ECONNRESET,
	ECONNABORTED,
	ETIMEDOUT,
	ENETUNREACH,
	EHOSTUNREACH,
	ENETDOWN,
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static _Thread_local struct sks_error last = { 0, 0, "", 0 };

const char *
sks_strerror(int code)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].code == code)
			return names[i].sentence;
	return "an error of the application";
}

int
sks_fail_as(int code, int sys_errno, const char *what)
{
	assert(code < 0 && what != NULL);
	last.code = code;
	last.sys_errno = sys_errno;
	last.what = what;
	last.context = 0;
	return code;
}

int
sks_fail(int code, const char *what)
{
	return sks_fail_as(code, 0, what);
}

int
sks_check_enum(unsigned value, size_t count, const char *what)
{
	return value < count ? 0 : sks_fail(SKS_EINVAL, what);
}

int
sks_fail_errno(int sys_errno, const char *what)
{
	for (size_t i = 0; i < COUNT(mappings); i++)
		if (mappings[i].sys_errno == sys_errno)
			return sks_fail_as(mappings[i].code, sys_errno, what);
	return sks_fail_as(SKS_ESYS, sys_errno, what);
}

int
sks_error_set_errno(int sys_errno, const char *what)
{
	return sks_fail_errno(sys_errno, what);
}

int
sks_fail_io(int sys_errno, const char *what)
{
	for (size_t i = 0; i < COUNT(peer_gone); i++)
		if (peer_gone[i] == sys_errno)
			return sks_fail_as(SKS_ERESET, sys_errno, what);
	return sks_fail_errno(sys_errno, what);
}

void
sks_last_error(struct sks_error *out)
{
	*out = last;
}

void
sks_error_for(int code, struct sks_error *out)
{
	*out = last;
	if (last.code == code)
		return;
	out->code = code;
	out->sys_errno = 0;
	out->what = "";
	out->context = 0;
}

void
sks_error_clear(void)
{
	static const struct sks_error none = { 0, 0, "", 0 };

	last = none;
}

void
sks_error_restore(const struct sks_error *e)
{
	last = *e;
}

/* Returns the system's sentence for a failed call, or else the library's. */
static const char *
reason(const struct sks_error *e, char *buf, size_t size)
{
	if (e->sys_errno == 0 || strerror_r(e->sys_errno, buf, size) == NULL)
		return sks_strerror(e->code);
#ifdef __GLIBC__
	return strerror_r(e->sys_errno, buf, size);
#else
	return buf;
#endif
}

const char *
sks_error_format(const struct sks_error *e, char *buf, size_t size)
{
	char text[128];

	if (e->what[0] == '\0')
		snprintf(buf, size, "%s", reason(e, text, sizeof text));
	else
		snprintf(buf, size, "%s: %s", e->what,
		    reason(e, text, sizeof text));
	return buf;
}

const char *
sks_error_text(char *buf, size_t size)
{
	return sks_error_format(&last, buf, size);
}
