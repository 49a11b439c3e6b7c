/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON is written straight into a buffer, in its compact form.  A comma is put
 * where one is needed, before a key and before each element of an array.  What
 * finds no memory leaves the buffer's mark that an append has failed, which the
 * caller looks at once, at the end.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A bracket that opens: '{' or '[', as an element or behind a key. */
void wire_json_open(struct dw_buf *out, char bracket);
void wire_json_close(struct dw_buf *out, char bracket);

/* The key is a constant of ours and needs no escapes.  Its value follows. */
void wire_json_key(struct dw_buf *out, const char *key);

/* UTF-8 without NUL. */
void wire_json_string(struct dw_buf *out, const char *text, size_t len);

void wire_json_number(struct dw_buf *out, int64_t n);
void wire_json_true(struct dw_buf *out);

#endif
