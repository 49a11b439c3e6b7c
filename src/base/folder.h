/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose is a folder?  Whoever may write in it could put another file in the
 * place of ours.
 */
#ifndef DW_FOLDER_H
#define DW_FOLDER_H

#include <stdbool.h>
#include <sys/stat.h>

enum dw_folder {
	DW_FOLDER_SAFE,
	DW_FOLDER_ANOTHERS, /* st_uid's */
	DW_FOLDER_OPEN      /* others may write there */
};

/* Is it ours alone to write, or, where root is as good, root's? */
enum dw_folder dw_folder_judge(const struct stat *st, bool or_root);

#endif
