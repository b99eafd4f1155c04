/* SPDX-License-Identifier: GPL-2.0-only */
/* What ends a line or moves a terminal's cursor. */
#ifndef PGMAPTRACE_BASE_CONTROLS_H
#define PGMAPTRACE_BASE_CONTROLS_H

/*
 * Return: how many bytes at @s, of which there is one at least, are one control character:
 * 1: C0 or DEL, 2: C1 as UTF-8 has it, 0: none
 */
static inline int control_len(const char *s)
{
	unsigned char c = *s;

	if (c < ' ' || c == 0x7f)
		return 1;
	return c == 0xc2 && ((unsigned char)s[1] & 0xe0) == 0x80 ? 2 : 0;
}

#endif /* PGMAPTRACE_BASE_CONTROLS_H */
