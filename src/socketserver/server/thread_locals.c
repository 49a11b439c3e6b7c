/* SPDX-License-Identifier: BSD-2-Clause */
/* This file tells whether a handler has left something in thread-local
 * variables: a thread where that is so serves no other request. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "socketserver/server/thread_locals.h"

#ifdef HAVE_DL_ITERATE_PHDR

#include <link.h>

/* Is the function in this program or shared object? */
static int
has_code(const struct dl_phdr_info *object, uintptr_t code)
{
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &object->dlpi_phdr[i];

		if (h->p_type == PT_LOAD &&
		    code - object->dlpi_addr - h->p_vaddr < h->p_memsz)
			return 1;
	}
	return 0;
}

/* Fills in where its thread-local variables are in this thread.  They have no
 * place yet while none of them was used. */
static void
take_variables(const struct dl_phdr_info *object, struct sks_thread_locals *out)
{
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &object->dlpi_phdr[i];

		if (h->p_type != PT_TLS)
			continue;
		out->now = object->dlpi_tls_data;
		out->initial = (const char *)(object->dlpi_addr + h->p_vaddr);
		out->initialised = h->p_filesz;
		out->size = h->p_memsz;
	}
}

static int
look_at(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct sks_thread_locals *out = arg;

	if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) +
		    sizeof object->dlpi_tls_data ||
	    !has_code(object, out->code))
		return 0;
	take_variables(object, out);
	return 1;
}

static void
find(struct sks_thread_locals *out, uintptr_t code)
{
	*out = (struct sks_thread_locals){ .code = code };
	dl_iterate_phdr(look_at, out);
}

#else

static void
find(struct sks_thread_locals *out, uintptr_t code)
{
	*out = (struct sks_thread_locals){ .code = code };
}

#endif

static int
are_zero(const char *bytes, size_t n)
{
	return n == 0 ||
	    (bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0);
}

int
sks_thread_locals_changed(struct sks_thread_locals *own, uintptr_t code)
{
	if (own->code != code || (own->size > 0 && own->now == NULL))
		find(own, code);
	if (own->now == NULL)
		return 0;
	return memcmp(own->now, own->initial, own->initialised) != 0 ||
	    !are_zero(own->now + own->initialised,
		own->size - own->initialised);
}
