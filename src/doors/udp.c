/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "doors/inside.h"

const char *
door_udp_send(struct door *door, const struct desk_peer *to,
    const char *text, size_t len)
{
	(void)door;
	(void)to;
	(void)text;
	(void)len;
	return "failed";
}

void
door_udp_dropped(struct door *door)
{
	(void)door;
}
