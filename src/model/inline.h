/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * __always_inline, where the compiler has no header for it: for the BPF verifier and for speed.
 */
#ifndef PGMAPTRACE_MODEL_INLINE_H
#define PGMAPTRACE_MODEL_INLINE_H

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#endif /* PGMAPTRACE_MODEL_INLINE_H */
