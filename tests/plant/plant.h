/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Planted mistakes: the test programs of tests/plant are those of tests/sim and
 * tests/unit, in which the linker puts our functions before some of src/
 * (--wrap).  Each does what the real one does, unless the mistake that the
 * environment names (DW_PLANT) is one of its own.
 *
 * The linker redirects calls from other files only; a mistake inside a file is
 * planted at the next function that another file calls.
 */
#ifndef PLANT_H
#define PLANT_H

#include <stdbool.h>

enum plant_mistake {
	PLANT_NONE,
#define MISTAKE(name, proof, what) PLANT_##name,
#include "mistakes.def"
#undef MISTAKE
};

bool plant_is(enum plant_mistake mistake);

/* Is this the mistake that is planted now? */
#define PLANTED(name) plant_is(PLANT_##name)

/* Both have the type of the real one, so that the compiler notices when that
 * changes. */
#define WRAPS(function) \
	__typeof__(function) __real_##function, __wrap_##function

#endif
