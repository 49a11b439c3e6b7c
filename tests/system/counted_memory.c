/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts how often a program that has this preloaded asks for memory, each
 * thread's by themselves, and its own code's apart from that of the libraries,
 * which differ from one system to the next.  The file that COUNTED_MEMORY names
 * has a row for each, while the program goes on.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ROWS 64 /* as tests/system/counting.py has it */

struct row {
	char thread[20]; /* without the number behind it */
	uint32_t is_library;
	uint64_t count;
};

/* The C library's own, under names that it keeps for such a purpose. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct row *rows; /* NULL: not yet */
static uintptr_t code, code_end;

/* The first object is the program. */
static int
find_code(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		code = info->dlpi_addr + part->p_vaddr;
		code_end = code + part->p_memsz;
	}
	return 1;
}

__attribute__((constructor)) static void
open_rows(void)
{
	const char *path = getenv("COUNTED_MEMORY");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED :
			     mmap(NULL, ROWS * sizeof *rows,
				 PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		abort();
	dl_iterate_phdr(find_code, NULL);
	rows = map;
	close(fd);
}

static void
thread_name(char name[20])
{
	size_t n;

	memset(name, 0, 20);
	prctl(PR_GET_NAME, name, 0, 0, 0);
	for (n = strlen(name); n > 0 && strchr("-0123456789", name[n - 1]); n--)
		name[n - 1] = '\0';
}

static bool
is_row(const struct row *row, const struct row *wanted)
{
	return strcmp(row->thread, wanted->thread) == 0 &&
	    row->is_library == wanted->is_library;
}

static void
count(const void *caller)
{
	struct row row = { .count = 1 };
	size_t i = 0;

	if (rows == NULL)
		return;
	thread_name(row.thread);
	row.is_library =
	    (uintptr_t)caller < code || (uintptr_t)caller >= code_end;
	pthread_mutex_lock(&lock);
	while (rows[i].count > 0 && !is_row(&rows[i], &row))
		if (++i == ROWS)
			abort();
	row.count += rows[i].count;
	rows[i] = row;
	pthread_mutex_unlock(&lock);
}

void *
malloc(size_t size)
{
	count(__builtin_return_address(0));
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_realloc(old, size);
}
