// SPDX-License-Identifier: GPL-2.0-only
#include "output/jsonl.h"

#include <stdlib.h>
#include <string.h>

void jsonl_add(struct jsonl *l, const char *key, struct json_object *value)
{
	if (value && l->object && !json_object_object_add(l->object, key, value))
		return;
	json_object_put(value);
	l->failed = true;
}

void jsonl_item(struct jsonl *l, struct json_object *array, struct json_object *item)
{
	if (item && array && !json_object_array_add(array, item))
		return;
	json_object_put(item);
	l->failed = true;
}

void jsonl_number(struct jsonl *l, const char *key, uint64_t value)
{
	jsonl_add(l, key, json_object_new_uint64(value));
}

void jsonl_signed(struct jsonl *l, const char *key, int64_t value)
{
	jsonl_add(l, key, json_object_new_int64(value));
}

void jsonl_seconds(struct jsonl *l, const char *key, double seconds)
{
	jsonl_number(l, key, seconds > 0 ? (uint64_t)(seconds * 1e9 + 0.5) : 0);
}

/* The length of the UTF-8 sequence at @s; 0 if it is not valid. */
static size_t sequence(const unsigned char *s)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t code = s[0] & (0xff >> (len + 1));

	if (len == 1 || s[0] > 0xf4)
		return len == 1;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	/* overlong, a surrogate, or above U+10FFFF */
	if ((len == 3 && code < 0x800) || (len == 4 && code < 0x10000) || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

struct json_object *jsonl_string(const char *value)
{
	static const char unknown[] = "\xef\xbf\xbd";
	size_t len = strlen(value), n = 0;
	char *text = malloc(len * (sizeof(unknown) - 1) + 1);
	struct json_object *object;

	if (!text)
		return NULL;
	for (const char *s = value; *s;) {
		size_t valid = sequence((const unsigned char *)s);

		memcpy(text + n, valid ? s : unknown, valid ? valid : sizeof(unknown) - 1);
		n += valid ? valid : sizeof(unknown) - 1;
		s += valid ? valid : 1;
	}
	object = json_object_new_string_len(text, (int)n);
	free(text);
	return object;
}

void jsonl_text(struct jsonl *l, const char *key, const char *value)
{
	jsonl_add(l, key, jsonl_string(value));
}

void jsonl_bool(struct jsonl *l, const char *key, bool value)
{
	jsonl_add(l, key, json_object_new_boolean(value));
}

struct jsonl jsonl_inner(void)
{
	return (struct jsonl){.object = json_object_new_object()};
}

void jsonl_add_inner(struct jsonl *l, const char *key, struct jsonl *inner)
{
	l->failed |= inner->failed;
	jsonl_add(l, key, inner->object);
}

void jsonl_add_item(struct jsonl *l, struct json_object *array, struct jsonl *inner)
{
	l->failed |= inner->failed;
	jsonl_item(l, array, inner->object);
}

void jsonl_texts(struct jsonl *l, const char *key, unsigned int nr, const char text[][256])
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < nr; i++)
		jsonl_item(l, array, jsonl_string(text[i]));
	jsonl_add(l, key, array);
}

struct jsonl jsonl_begin(const char *record)
{
	struct jsonl l = jsonl_inner();

	jsonl_text(&l, "record", record);
	return l;
}

const char *jsonl_finish(struct jsonl *l)
{
	if (l->failed)
		return NULL;
	return json_object_to_json_string_ext(l->object, JSON_C_TO_STRING_PLAIN |
								 JSON_C_TO_STRING_NOSLASHESCAPE);
}

void jsonl_free(struct jsonl *l)
{
	json_object_put(l->object);
	l->object = NULL;
}

bool jsonl_end(struct jsonl *l, FILE *to)
{
	const char *text = jsonl_finish(l);

	if (text)
		fprintf(to, "%s\n", text);
	jsonl_free(l);
	return text;
}
