/* SPDX-License-Identifier: BSD-2-Clause */
/* This file asks how much of what was sent the other machine has not taken. */
#include "config.h"

#include <sys/ioctl.h>
#ifdef HAVE_LINUX_SOCKIOS_H
#include <linux/sockios.h>
#endif

#include "socketserver/net/socket.h"

size_t
sks_unacked(const struct sks_socket *s)
{
#if defined(HAVE_LINUX_SOCKIOS_H) && defined(SIOCOUTQ)
	int n = 0;

	if (ioctl(s->fd, SIOCOUTQ, &n) == 0 && n > 0)
		return (size_t)n;
#else
	(void)s;
#endif
	return 0;
}
