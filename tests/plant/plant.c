/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which mistake is planted: the one that DW_PLANT names. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "plant.h"

static enum plant_mistake planted;

static const char *const names[] = {
	"",
#define MISTAKE(name, proof, what) #name,
#include "mistakes.def"
#undef MISTAKE
};

/* Once, before main and before there are threads. */
__attribute__((constructor)) static void
read_environment(void)
{
	const char *name = getenv("DW_PLANT");

	for (size_t i = 1; i < sizeof names / sizeof *names; i++)
		if (name != NULL && strcmp(names[i], name) == 0)
			planted = (enum plant_mistake)i;
}

bool
plant_is(enum plant_mistake mistake)
{
	return planted == mistake;
}
