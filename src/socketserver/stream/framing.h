/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands before and behind a message, for those who read and write it. */
#ifndef SKS_FRAMING_H
#define SKS_FRAMING_H

#include "socketserver/socketserver.h"

/* The longest head: the digits of a netstring, and its colon. */
#define SKS_HEAD_MAX 21

/* 0 or SKS_EINVAL. */
int sks_framing_check(const struct sks_framing *how);

/* How many bytes follow a message: the LF or the comma. */
size_t sks_framing_tail(const struct sks_framing *how);

/*
 * Reads the head of a block or netstring at p.  Returns how many bytes it has
 * (*len is then the announced length), 0 when it is not whole, SKS_EPROTO when
 * it is none.
 */
int sks_framing_read_head(const struct sks_framing *how, const char *p,
    size_t n, uint64_t *len);

/* A line of len bytes without the CR before its LF. */
size_t sks_framing_chomp(const char *line, size_t len);

#endif
