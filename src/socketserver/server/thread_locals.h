/* SPDX-License-Identifier: BSD-2-Clause */
/* What a handler has left in thread-local variables of its thread. */
#ifndef SKS_THREAD_LOCALS_H
#define SKS_THREAD_LOCALS_H

#include <stddef.h>
#include <stdint.h>

/* The thread-local variables of one program or shared object in one thread.
 * Begins zeroed. */
struct sks_thread_locals {
	uintptr_t code;      /* of a function there; 0: none was looked for */
	const char *now;     /* NULL: there are none */
	const char *initial; /* what they begin with */
	size_t initialised;  /* bytes of that; */
	size_t size;         /* the others up to this begin as zero */
};

/*
 * Does a thread-local variable of the program or shared object that has the
 * function at `code` differ in this thread from what a new thread begins with?
 * The thread's own library variables count as well where the library is part of
 * the program, so they are to be reset before.  Where the system does not tell
 * (dl_iterate_phdr(3)) nothing has changed.
 */
int sks_thread_locals_changed(struct sks_thread_locals *own, uintptr_t code);

#endif
