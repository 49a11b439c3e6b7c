/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "socketserver/net/error.h"
#include "socketserver/net/observe.h"
#include "socketserver/net/utf8.h"

int
sks_send_bytes(struct sks_socket *s, const void *data, size_t n)
{
	int r = sks_sendall(s, data, n, NULL);

	if (r == 0)
		sks_observe_tell(s, SKS_SENT, data, n);
	return r;
}

int
sks_send_text(struct sks_socket *s, const char *text)
{
	size_t len = strlen(text);
	enum sks_utf8_rest rest;

	if (sks_utf8_whole(text, len, &rest) < len)
		return sks_fail(SKS_EILSEQ, "send_text");
	return sks_send_bytes(s, text, len);
}
