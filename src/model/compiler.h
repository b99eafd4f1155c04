/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the compilers of the tool and of the BPF programs must both know.
 * Not here: anything about the model.
 */
#ifndef PGMAPTRACE_MODEL_COMPILER_H
#define PGMAPTRACE_MODEL_COMPILER_H

#include "arch/types.h" /* __always_inline */

#define PGMT_ASSERT_POWER_OF_2(n) _Static_assert(!((n) & ((n)-1)), #n " is used as a mask")

#endif /* PGMAPTRACE_MODEL_COMPILER_H */
