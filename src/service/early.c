/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file says who is refused before the last places are gone.
 */
#include "config.h"

#include "service/early.h"

unsigned
svc_early_permille(unsigned taken, unsigned max)
{
	const uint64_t first = (uint64_t)SVC_EARLY_FIRST * 10;
	uint64_t begin = (uint64_t)max * SVC_EARLY_BEGIN;
	uint64_t now = (uint64_t)taken * 100;

	if (max == 0 || now < begin)
		return 0;
	if (taken >= max)
		return 1000;
	return (unsigned)(first +
	    (1000 - first) * (now - begin) / ((uint64_t)max * 100 - begin));
}

bool
svc_early_refuses(unsigned taken, unsigned max, uint32_t draw)
{
	return draw % 1000 < svc_early_permille(taken, max);
}
