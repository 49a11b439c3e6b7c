/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Things with a page of their own each, which can be closed: whoever looks at
 * one opens it, whether it wants to be counted or not.  PAGES says how many
 * there are at most.  The linker puts our functions before the C library's
 * (--wrap).
 */
#ifndef PAGES_H
#define PAGES_H

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "t.h"

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __real_free(void *p);
void __wrap_free(void *p);

static char *pages;
static size_t page_size, npages; /* so many are given away */
static size_t paged;             /* what has so many bytes gets one */
static volatile size_t opened;

static bool
is_page(const void *p)
{
	const char *at = p;

	return pages != NULL && at >= pages && at < pages + PAGES * page_size;
}

static void *
page(size_t size)
{
	if (size > page_size || npages == PAGES)
		return NULL;
	return pages + page_size * npages++;
}

/* They come zeroed, and none is given away again. */
void *
__wrap_calloc(size_t n, size_t size)
{
	if (pages != NULL && n == 1 && size == paged)
		return page(size);
	return __real_calloc(n, size);
}

void
__wrap_free(void *p)
{
	if (!is_page(p))
		__real_free(p);
}

static void
faults_are_not_ours(void)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };

	sigaction(SIGSEGV, &usual, NULL);
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr;

	(void)sig;
	(void)context;
	if (!is_page(at)) {
		faults_are_not_ours(); /* it comes again, and ends us */
		return;
	}
	opened++;
	mprotect(pages + (size_t)(at - pages) / page_size * page_size,
	    page_size, PROT_READ | PROT_WRITE);
}

/* Each thing of this size gets a page from now on. */
static void
pages_begin(size_t size)
{
	struct sigaction sa = { .sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO };

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	npages = 0;
	paged = size;
	pages = mmap(NULL, PAGES * page_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		abort();
	CHECK_INT(sigaction(SIGSEGV, &sa, NULL), 0);
}

static void
pages_end(void)
{
	faults_are_not_ours();
	munmap(pages, PAGES * page_size);
	pages = NULL;
}

static void
close_pages(void)
{
	opened = 0;
	CHECK_INT(mprotect(pages, PAGES * page_size, PROT_NONE), 0);
}

static void
open_pages(void)
{
	CHECK_INT(mprotect(pages, PAGES * page_size, PROT_READ | PROT_WRITE),
	    0);
}

#endif
