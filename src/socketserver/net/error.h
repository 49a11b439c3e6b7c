/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the library records a failure: once, at the place and in the thread in
 * which it happened.
 */
#ifndef SKS_ERROR_H
#define SKS_ERROR_H

#include "socketserver/socketserver.h"

/* All note the failure and return its code. */
int sks_fail(int code, const char *what);
int sks_fail_errno(int sys_errno, const char *what);

/* The same with a code that does not follow from the errno. */
int sks_fail_as(int code, int sys_errno, const char *what);

/*
 * Is this one of the `count` values of an enum, which begins with 0?  Returns 0,
 * or notes SKS_EINVAL with `what` and returns that.  Every enum that a caller
 * hands in passes here before it chooses anything.
 */
int sks_check_enum(unsigned value, size_t count, const char *what);

/* Like sks_fail_errno() for a connection in use: every way in which a peer can
 * vanish is SKS_ERESET, so that SKS_ETIMEDOUT only ever means our deadline. */
int sks_fail_io(int sys_errno, const char *what);

/* Writes what is known of a failure with this code: all of the thread's last
 * failure if that has the code, otherwise only the code. */
void sks_error_for(int code, struct sks_error *out);

/* Makes *e the thread's last failure again. */
void sks_error_restore(const struct sks_error *e);

/* Forgets the thread's last failure, as if there had never been one. */
void sks_error_clear(void);

#endif
