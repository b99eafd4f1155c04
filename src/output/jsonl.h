/* SPDX-License-Identifier: GPL-2.0-only */
/* A record of JSON Lines in the making: one object, written as one line. */
#ifndef PGMAPTRACE_OUTPUT_JSONL_H
#define PGMAPTRACE_OUTPUT_JSONL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <json-c/json.h>

/* @failed: there was no memory for a part of it. */
struct jsonl {
	struct json_object *object;
	bool failed;
};

/* @record: what is said under the key "record" */
struct jsonl jsonl_begin(const char *record);
/* Each takes over what it is given, also where memory runs out. */
void jsonl_add(struct jsonl *l, const char *key, struct json_object *value);
void jsonl_item(struct jsonl *l, struct json_object *array, struct json_object *item);
void jsonl_number(struct jsonl *l, const char *key, uint64_t value);
void jsonl_signed(struct jsonl *l, const char *key, int64_t value);
void jsonl_double(struct jsonl *l, const char *key, double value);
/* What is no UTF-8 in it, as names of files may be, is written as U+FFFD. */
void jsonl_text(struct jsonl *l, const char *key, const char *value);
struct json_object *jsonl_string(const char *value);
void jsonl_bool(struct jsonl *l, const char *key, bool value);
/* An object inside, to be filled, and put in by jsonl_add(). */
struct jsonl jsonl_inner(void);

/* The line as it is to be written, without its end; NULL: no memory.  Valid until jsonl_free(). */
const char *jsonl_finish(struct jsonl *l);
void jsonl_free(struct jsonl *l);
/* Write it and free it.  Return: false if there was no memory; what @to says is the caller's. */
bool jsonl_end(struct jsonl *l, FILE *to);

#endif /* PGMAPTRACE_OUTPUT_JSONL_H */
