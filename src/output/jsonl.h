/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One record of JSON Lines, being built: a JSON object, written as one line.  Not here:
 * which records there are (json.h, leaks/records.h).
 */
#ifndef PGMAPTRACE_OUTPUT_JSONL_H
#define PGMAPTRACE_OUTPUT_JSONL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <json-c/json.h>

/* Version of the records, docs/json.md: another number, and programs that read them must change. */
#define JSON_SCHEMA 2

/* @failed: out of memory, a part is missing */
struct jsonl {
	struct json_object *object;
	bool failed;
};

/* @record: the value of "record" */
struct jsonl jsonl_begin(const char *record);
/* These own @value and @item from here on, also when out of memory. */
void jsonl_add(struct jsonl *l, const char *key, struct json_object *value);
void jsonl_item(struct jsonl *l, struct json_object *array, struct json_object *item);
void jsonl_number(struct jsonl *l, const char *key, uint64_t value);
void jsonl_signed(struct jsonl *l, const char *key, int64_t value);
/* Seconds as integer nanoseconds, as all times of records are; @key ends in _ns. */
void jsonl_seconds(struct jsonl *l, const char *key, double seconds);
/* Bytes that are not UTF-8, which names of files may have, become U+FFFD. */
void jsonl_text(struct jsonl *l, const char *key, const char *value);
struct json_object *jsonl_string(const char *value);
/* An array of @nr texts. */
void jsonl_texts(struct jsonl *l, const char *key, unsigned int nr, const char text[][256]);
void jsonl_bool(struct jsonl *l, const char *key, bool value);
/* An object to nest: fill it, then hand it to jsonl_add_inner() or jsonl_add_item(). */
struct jsonl jsonl_inner(void);
void jsonl_add_inner(struct jsonl *l, const char *key, struct jsonl *inner);
void jsonl_add_item(struct jsonl *l, struct json_object *array, struct jsonl *inner);

/* The line without its newline, valid until jsonl_free(); NULL if out of memory. */
const char *jsonl_finish(struct jsonl *l);
void jsonl_free(struct jsonl *l);
/* Write and free it.  Return: false if out of memory; the caller checks @to for errors. */
bool jsonl_end(struct jsonl *l, FILE *to);

#endif /* PGMAPTRACE_OUTPUT_JSONL_H */
