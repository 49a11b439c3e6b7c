/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One stream of numbers, so that a seed is a whole run. */
#include "config.h"

#include "sim.h"

/* splitmix64 */
static uint64_t
next(struct world *w)
{
	uint64_t z = (w->rng += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

uint64_t
sim_random(struct world *w, uint64_t n)
{
	return next(w) % n;
}

bool
sim_once_in(struct world *w, uint64_t n)
{
	return next(w) % n == 0;
}
