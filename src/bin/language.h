/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In which language this program speaks.
 */
#ifndef BIN_LANGUAGE_H
#define BIN_LANGUAGE_H

/*
 * Sets the locale from the environment, and LANGUAGE, which gettext reads, as
 * the environment means it.  Text is UTF-8 also where the locale that is asked
 * for is not installed, or is C: then the language is all that is taken of it.
 * Before the first thread.
 */
void language_set(void);

#endif
