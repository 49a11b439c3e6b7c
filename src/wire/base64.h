/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base64 (RFC 4648 section 4, with padding): bytes that are no text, in JSON.
 */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include <stddef.h>

#include "base/buf.h"

/* Adds the bytes as base64.  Returns 0 or -ENOMEM. */
int wire_base64_encode(struct dw_buf *out, const void *bytes, size_t len);

/*
 * Adds what the base64 stands for.  Returns 0, -ENOMEM, or -EPROTO for a
 * strange character, wrong padding, or bits behind the last byte.
 */
int wire_base64_decode(struct dw_buf *out, const char *text, size_t len);

#endif
