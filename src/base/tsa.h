/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for clang's -Wthread-safety; nothing to other compilers.  In C a
 * sibling member can be named in guarded_by since clang 19 only, and then as
 * &member.
 */
#ifndef DW_TSA_H
#define DW_TSA_H

#if defined(__clang__)
#define DW_TSA(x) __attribute__((x))
#else
#define DW_TSA(x)
#endif

#define DW_CAPABILITY(n) DW_TSA(capability(n))
#define DW_ACQUIRE(m)    DW_TSA(acquire_capability(m))
#define DW_RELEASE(m)    DW_TSA(release_capability(m))
#define DW_REQUIRES(m)   DW_TSA(requires_capability(m))
#define DW_NO_TSA        DW_TSA(no_thread_safety_analysis)

#if defined(__clang__) && __clang_major__ >= 19
#define DW_GUARDED_BY(m) DW_TSA(guarded_by(&m))
#else
#define DW_GUARDED_BY(m)
#endif

#endif
