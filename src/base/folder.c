/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file judges whether others may write in a folder.
 */
#include "config.h"

#include <unistd.h>

#include "base/folder.h"

enum dw_folder
dw_folder_judge(const struct stat *st, bool or_root)
{
	if (st->st_uid != geteuid() && !(or_root && st->st_uid == 0))
		return DW_FOLDER_ANOTHERS;
	return (st->st_mode & 022) != 0 ? DW_FOLDER_OPEN : DW_FOLDER_SAFE;
}
