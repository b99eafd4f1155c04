/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of profiles, as the tables of hooks have them.  Private to session/.
 */
#ifndef PGMAPTRACE_SESSION_PROFILES_H
#define PGMAPTRACE_SESSION_PROFILES_H

#include "model/profile.h"

#define CLASSIC (1 << PGMT_PROFILE_CLASSIC)
#define COUNTED (1 << PGMT_PROFILE_COUNTED)
#define REQUEST (1 << PGMT_PROFILE_REQUEST)
#define DRIVER	(CLASSIC | COUNTED) /* only drivers request */
#define ALL	(DRIVER | REQUEST)

#endif /* PGMAPTRACE_SESSION_PROFILES_H */
