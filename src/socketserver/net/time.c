/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/clock.h"
#include "socketserver/socketserver.h"

_Static_assert(SKS_NEVER == DW_NEVER, "one deadline that never comes");

int64_t
sks_now(void)
{
	return dw_clock_ns();
}

int64_t
sks_after(double seconds)
{
	return dw_clock_after(seconds);
}
