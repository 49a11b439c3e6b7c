/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How this room records a failure: once, where it happened, in the thread it
 * happened in.
 */
#ifndef SKS_ERROR_H
#define SKS_ERROR_H

#include "socketserver/socketserver.h"

/* All note the failure and return its code. */
int sks_fail(int code, const char *what);
int sks_fail_errno(int sys_errno, const char *what);

/* With a code that the errno does not tell. */
int sks_fail_as(int code, int sys_errno, const char *what);

/* Like sks_fail_errno() for a connection in use: every way in which a peer can
 * vanish is SKS_ERESET, so that SKS_ETIMEDOUT only ever means our deadline. */
int sks_fail_io(int sys_errno, const char *what);

/* What is known of a failure with this code: the thread's last one if it has
 * that code, otherwise only the code. */
void sks_error_for(int code, struct sks_error *out);

/* Makes *e the thread's last failure again. */
void sks_error_restore(const struct sks_error *e);

#endif
