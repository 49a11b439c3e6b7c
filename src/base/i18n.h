/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages for people: English in the source, translated by gettext.  Words
 * of a protocol are never wrapped in these.
 */
#ifndef DW_I18N_H
#define DW_I18N_H

#if ENABLE_NLS
#include <libintl.h>
#define _(text)                 gettext(text)
#define DW_PLURAL(one, many, n) ngettext(one, many, n)
#else
#define _(text)                 (text)
#define DW_PLURAL(one, many, n) ((n) == 1 ? (one) : (many))
#endif
#define N_(text) text /* marked here, translated where used */

#endif
