/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times in nanoseconds, counted in 64 steps for each power of two, so that a
 * percentile is wrong by less than 1.6 %.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 64

struct histogram {
	uint64_t n;
	uint64_t count[64 * HISTOGRAM_STEPS];
};

static inline unsigned
histogram_index(uint64_t ns)
{
	unsigned power;

	if (ns < HISTOGRAM_STEPS)
		return (unsigned)ns;
	power = 63 - (unsigned)__builtin_clzll(ns);
	return (power - 5) * HISTOGRAM_STEPS +
	    (unsigned)(ns >> (power - 6)) % HISTOGRAM_STEPS;
}

/* The middle of a step. */
static inline uint64_t
histogram_value(unsigned index)
{
	unsigned power = index / HISTOGRAM_STEPS + 5;

	if (index < HISTOGRAM_STEPS)
		return index;
	return ((uint64_t)(HISTOGRAM_STEPS + index % HISTOGRAM_STEPS)
	           << (power - 6)) +
	    ((UINT64_C(1) << (power - 6)) >> 1);
}

static inline void
histogram_add(struct histogram *h, uint64_t ns)
{
	h->n++;
	h->count[histogram_index(ns)]++;
}

/* In microseconds; share is 0.5 for the median.  0 if there are no times. */
static inline double
histogram_us(const struct histogram *h, double share)
{
	uint64_t want = (uint64_t)(share * (double)h->n), seen = 0;

	for (unsigned i = 0; i < 64 * HISTOGRAM_STEPS; i++)
		if ((seen += h->count[i]) > want)
			return (double)histogram_value(i) / 1e3;
	return 0;
}

#endif
