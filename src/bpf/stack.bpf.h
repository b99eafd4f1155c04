/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sites of events: the call site, or the whole kernel stack, as --stack says.
 *
 * Unwinding takes thousands of instructions, and nearly all stacks were seen before.  So we
 * keep where on the stack each return address lies, as a shape.  A stack that has all these
 * return addresses, at these places, is the same stack: the unwinder begins at the traced
 * function's return address, and where it looks for the next one follows from the one before.
 *
 * What earlier calls left on the stack could look like a frame.  So a shape is kept only if
 * the search for all frames in order finds the same places from either end.
 */
#ifndef PGMAPTRACE_BPF_STACK_BPF_H
#define PGMAPTRACE_BPF_STACK_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpf/arch.bpf.h"
#include "bpf/counters.bpf.h"
#include "bpf/hook.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/scratch.bpf.h"

#define SHAPE_WAYS 4 /* shapes of one call site */
#define SHAPES	   512
PGMT_ASSERT_POWER_OF_2(SHAPES);

/* Each is written once.  Stacks without a shape here are unwound each time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SHAPES);
	__type(key, __u32);
	__type(value, struct pgmt_shape);
} shapes SEC(".maps");

#define RECORD_LENGTH 1023 /* FGRAPH_FRAME_OFFSET_MASK of kernel/trace/fgraph.c */

/*
 * Where a function returns to of which somebody traces the return, as we do with kretprobes: the
 * kernel puts a trampoline in place of that, and keeps it in a record of the task.  The unwinder
 * knows of these, but at the entry of a function it is not asked, or begins too far out.
 *
 * The last word of the last record has its length; the first is where the function returns to,
 * and then comes the function.
 * Return: the trampoline, if there is no such record of @entry
 */
static __noinline __u64 traced_return(__u64 entry)
{
	__u64 task = (__u64)bpf_get_current_task(), records, last, record[2] = {};

	if (!bpf_core_field_exists(((struct task_struct___returns *)0)->ret_stack))
		return return_trampoline;
	records = (__u64)PGMT_READ_SLOWLY(struct task_struct___returns, task, ret_stack);
	last = PGMT_READ_SLOWLY(struct task_struct___returns, task, curr_ret_stack) - 1;
	last = records + (__u32)last * 8;
	bpf_probe_read_kernel(record, sizeof(record),
			      (void *)(last - (READ_8_SLOWLY(last) & RECORD_LENGTH) * 8));
	/* it may say where in the function that is traced */
	return record[1] - entry < 32 ? record[0] : return_trampoline;
}

static __always_inline __u64 return_address(const struct hook *h)
{
	__u64 address = h->fentry ? fentry_site(h->ctx) : probe_site(h->ctx);

	if (address && address == return_trampoline)
		return traced_return(bpf_get_func_ip(h->ctx));
	return address;
}

/* 0: not known */
static __always_inline pgmt_site_t call_site(const struct hook *h)
{
	return pgmt_site_of_address(return_address(h), &kernel_text);
}

static __always_inline bool is_in(const volatile struct pgmt_range *text, __u64 address)
{
	return address >= text->start && address < text->end;
}

/* Hash one frame, or cut the stack off there. */
static long frame_step(__u32 i, void *data)
{
	struct pgmt_scratch *s = *(struct pgmt_scratch **)data;
	__u64 *at = &s->stack.frame[i & (PGMT_STACK_DEPTH - 1)];
	__u64 frame = i < s->frames ? *at : 0;

	*at = frame;
	s->hash = pgmt_hash_frame(s->hash, frame);
	if (is_in(&irq_text[0], frame) || is_in(&irq_text[1], frame))
		s->frames = 0;
	return 0;
}

/*
 * intern_stack - keep the stack of @frames frames in the scratch at @slot, once
 *
 * What an interrupt interrupted says nothing about the event, and would make a new stack each
 * time: it is cut off, as the kernel's stack depot does.
 * Return: key of the stacks map; 0 if there is no room (counted)
 */
__noinline int intern_stack(__u32 slot, __u32 frames)
{
	struct pgmt_scratch *s = scratch_at(slot);
	struct pgmt_stack *known;
	__u64 other = 0;
	__u32 key = 0;
	int i;

	if (!s)
		return 0;
	s->frames = frames;
	s->hash = PGMT_STACK_HASH;
	bpf_loop(PGMT_STACK_DEPTH, frame_step, &s, 0);
	key = pgmt_stack_key(s->hash);
	known = bpf_map_lookup_elem(&stacks, &key);
	if (!known) {
		if (!bpf_map_update_elem(&stacks, &key, &s->stack, BPF_NOEXIST))
			return key;
		/* another CPU may have entered the same stack first */
		known = bpf_map_lookup_elem(&stacks, &key);
		if (!known)
			goto lost;
	}
	for (i = 0; i < PGMT_STACK_DEPTH; i++)
		other |= known->frame[i] ^ s->stack.frame[i];
	if (!other)
		return key;
lost:
	lose(PGMT_LOSS_STACK, 1);
	return 0;
}

/* Is it one of the frames of the stack in the scratch at @slot? */
__noinline int has_frame(__u32 slot, __u64 frame)
{
	struct pgmt_scratch *s = scratch_at(slot);
	int i, found = 0;

	if (!s)
		return 0;
	for (i = 0; i < PGMT_STACK_DEPTH; i++)
		found |= s->stack.frame[i] == frame;
	return found;
}

/* Where on the stack the search for return addresses begins. */
static __always_inline __u64 stack_base(const struct hook *h)
{
	/* read as a number: the verifier forbids to make one of a context */
	if (h->fentry)
		return read_u64((__u64)&h->ctx);
	return PT_REGS_SP((struct pt_regs *)h->ctx);
}

static __always_inline __u64 stack_end(void)
{
	return (__u64)PGMT_READ(struct task_struct, bpf_get_current_task(), stack) + STACK_BYTES;
}

#define SHAPE_STRIDE 4 /* frames that are compared without a branch */

/*
 * Are the next SHAPE_STRIDE return addresses, from the @i-th on, in the slots where they were when
 * the shape was learned?
 * @base: stack_base() of this event, from which slots count
 * @cast: can_cast, as a constant: see shape_fits()
 */
static __always_inline bool stride_fits(const struct pgmt_shape *shape, __u32 i, __u64 base,
					bool cast)
{
	__u64 other = 0;
	__u32 j;

#pragma unroll
	for (j = i; j < i + SHAPE_STRIDE; j++)
		other |= read_u64_by(cast, base + shape->slot[j]) ^ shape->frame[j];
	return !other;
}

static __always_inline bool frames_fit(const struct pgmt_shape *shape, __u64 base, bool cast)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < PGMT_STACK_DEPTH; i += SHAPE_STRIDE) {
		if (!stride_fits(shape, i, base, cast))
			return false;
		if (i + SHAPE_STRIDE >= shape->nr)
			return true;
	}
	return true;
}

/* Has the stack from @base to @end this shape? */
__noinline int shape_fits(const struct pgmt_shape *shape, __u64 base, __u64 end)
{
	if (!shape || (shape->last && read_u64(end - shape->last_slot) != shape->last))
		return 0;
	/* two copies of the code, so that it is not asked again at each frame */
	return can_cast ? frames_fit(shape, base, true) : frames_fit(shape, base, false);
}

/* Up the stack: is this word the next frame? */
static long ascend_step(__u32 i, void *data)
{
	struct pgmt_scratch *s = *(struct pgmt_scratch **)data;
	struct learning *l = &s->learning;
	__u64 n = l->found;

	if (n >= s->shape.nr || n >= PGMT_STACK_DEPTH)
		return 1;
	if (read_u64(l->base + i * 8) != s->shape.frame[n & (PGMT_STACK_DEPTH - 1)])
		return 0;
	s->shape.slot[n & (PGMT_STACK_DEPTH - 1)] = i * 8;
	l->found++;
	return 0;
}

/* And down again, from the last frame. */
static long descend_step(__u32 i, void *data)
{
	struct pgmt_scratch *s = *(struct pgmt_scratch **)data;
	struct learning *l = &s->learning;
	__u64 n = l->found - 1, at = (l->words - 1 - i) * 8;

	if (n >= PGMT_STACK_DEPTH)
		return 1;
	if (read_u64(l->base + at) != s->shape.frame[n & (PGMT_STACK_DEPTH - 1)])
		return 0;
	l->unsure |= s->shape.slot[n & (PGMT_STACK_DEPTH - 1)] ^ at;
	l->found--;
	return 0;
}

static long shape_frame(__u32 i, void *data)
{
	struct pgmt_scratch *s = *(struct pgmt_scratch **)data;
	__u64 frame = s->stack.frame[i & (PGMT_STACK_DEPTH - 1)], n = s->shape.nr;

	if (!frame)
		return 1;
	/* first come the traced function and what traces it */
	if (!n && frame != s->learning.site)
		return 0;
	s->shape.frame[n & (PGMT_STACK_DEPTH - 1)] = frame;
	s->shape.nr++;
	return 0;
}

struct copying {
	struct pgmt_shape *to;
	struct pgmt_scratch *from;
};

static long copy_step(__u32 i, void *data)
{
	struct copying *c = data;
	__u32 at = i & (PGMT_STACK_DEPTH - 1);

	/* repeat the first behind the last, as whole strides are compared */
	if (at >= c->from->shape.nr)
		at = 0;
	c->to->frame[i & (PGMT_STACK_DEPTH - 1)] = c->from->shape.frame[at];
	c->to->slot[i & (PGMT_STACK_DEPTH - 1)] = c->from->shape.slot[at];
	return 0;
}

/*
 * learn_shape - find out where the frames of a stack are, and keep that
 * @slot: of the scratch that has the stack, and learning without the results
 * @room: which shape it becomes, unless another CPU has taken that
 * @stack: key of the stacks map
 */
__noinline int learn_shape(__u32 slot, __u32 room, __u32 stack)
{
	struct pgmt_shape *to = bpf_map_lookup_elem(&shapes, &room);
	struct pgmt_scratch *s = scratch_at(slot);
	struct copying copying = {to, s};
	struct pgmt_shape *shape;
	struct learning *l;
	__u32 last;

	if (!to || !s)
		return 0;
	shape = &s->shape;
	l = &s->learning;
	shape->nr = 0;
	bpf_loop(PGMT_STACK_DEPTH, shape_frame, &s, 0);
	if (!shape->nr)
		return 0;
	bpf_loop(l->words, ascend_step, &s, 0);
	l->unsure = l->found != shape->nr;
	if (!l->unsure)
		bpf_loop(l->words, descend_step, &s, 0);
	if (__sync_val_compare_and_swap(&to->state, SHAPE_NONE, SHAPE_BEGUN))
		return 0;
	to->site = l->site;
	to->entry = l->entry;
	if (l->unsure) {
		__sync_val_compare_and_swap(&to->state, SHAPE_BEGUN, SHAPE_UNSURE);
		return 0;
	}
	/* a system call begins at a random place: find its outermost frame from the end */
	if (!s->stack.frame[PGMT_STACK_DEPTH - 1] && shape->nr > 1) {
		last = (shape->nr - 1) & (PGMT_STACK_DEPTH - 1);
		to->last = shape->frame[last];
		to->last_slot = l->words * 8 - shape->slot[last];
		shape->nr = last;
	}
	to->stack = stack;
	to->nr = shape->nr;
	bpf_loop(PGMT_STACK_DEPTH, copy_step, &copying, 0);
	__sync_val_compare_and_swap(&to->state, SHAPE_BEGUN, SHAPE_SHOWN);
	return 0;
}

#define NO_ROOM SHAPES

/* A stack that we look for among the shapes. */
struct sought {
	__u64 entry; /* of the traced function */
	__u64 site;  /* what it returns to */
	__u64 base;  /* where it begins, and its end */
	__u64 end;
	__u32 first; /* key of the first shape that it can have */
	__u32 room;  /* key of a free shape, or NO_ROOM */
};

static __always_inline struct pgmt_shape *shape_at(__u32 key)
{
	key &= SHAPES - 1;
	return bpf_map_lookup_elem(&shapes, &key);
}

/* Have the two the same call site? */
static __always_inline bool is_from(const struct pgmt_shape *shape, const struct sought *k)
{
	/* functions that jump to each other return to the same place */
	return shape->site == k->site && shape->entry == k->entry;
}

/* As known_stack(), with all shapes of the call site.  Sets @k->room. */
__noinline int find_shape(struct sought *k)
{
	struct pgmt_shape *shape, *first;
	__u32 way;

	if (!k)
		return 0;
#pragma clang loop unroll(disable)
	for (way = 0; way < SHAPE_WAYS; way++) {
		shape = shape_at(k->first + way);
		if (!shape || shape->state < SHAPE_UNSURE) {
			k->room = (k->first + way) & (SHAPES - 1);
			return 0;
		}
		if (!is_from(shape, k))
			continue;
		if (shape->state == SHAPE_UNSURE)
			return 0;
		if (!shape_fits(shape, k->base, k->end))
			continue;
		first = shape_at(k->first);
		if (first)
			first->latest = way;
		return shape->stack;
	}
	return 0;
}

/*
 * known_stack - look for the stack among the shapes
 * Return: key of the stacks map; 0: not found
 */
static __always_inline __u32 known_stack(struct sought *k)
{
	struct pgmt_shape *shape = shape_at(k->first);

	/* most stacks are the same as the last one from there */
	if (shape && shape->latest)
		shape = shape_at(k->first + shape->latest);
	if (shape && shape->state == SHAPE_SHOWN && is_from(shape, k) &&
	    shape_fits(shape, k->base, k->end))
		return shape->stack;
	return find_shape(k);
}

/* Into the scratch: its frames, innermost first.  Return: their bytes, or below 0 */
static __always_inline long unwind(const struct hook *h, struct pgmt_scratch *s, __u64 caller)
{
	long n;

	n = bpf_get_stack(h->ctx, s->stack.frame, sizeof(s->stack.frame), 0);
	if (UNWIND_FINDS_CALLER || h->fentry || n <= 0 || s->stack.frame[1] == caller)
		return n;
	n = bpf_get_stack(h->ctx, s->stack.frame + 1, sizeof(s->stack.frame) - 8, 0);
	if (n <= 0)
		return n;
	s->stack.frame[0] = s->stack.frame[1];
	s->stack.frame[1] = caller;
	return n + 8;
}

/* Return: key of the stacks map; 0 if there is no stack (counted) */
static __noinline __u32 take_stack(const struct hook *h)
{
	struct sought k = {
		.entry = bpf_get_func_ip(h->ctx),
		.site = return_address(h),
		.base = stack_base(h),
		.end = stack_end(),
		.room = NO_ROOM,
	};
	struct pgmt_scratch *s;
	__u32 stack = 0;
	long n;

	k.first = (k.site ^ k.site >> 9) * SHAPE_WAYS;
	/* an interrupt has a stack of its own */
	if (STACKS_HAVE_SHAPES && !slow && k.end > k.base && k.end - k.base < STACK_BYTES) {
		stack = known_stack(&k);
		if (stack)
			return stack;
	}
	s = scratch_get();
	if (!s) {
		lose(PGMT_LOSS_STACK, 1);
		return 0;
	}
	n = unwind(h, s, k.site);
	/*
	 * 6.1 copies the frames from a buffer that a task which preempts this one may
	 * overwrite.  kprobes are not preempted.
	 */
	if (n > 0 && h->fentry && k.site && !has_frame(s->slot, k.site))
		n = 0;
	if (n > 0)
		stack = intern_stack(s->slot, n / 8);
	else
		lose(PGMT_LOSS_UNWIND, 1);
	if (stack && k.room != NO_ROOM) {
		s->learning = (struct learning){.entry = k.entry,
						.site = k.site,
						.base = k.base,
						.words = (k.end - k.base) / 8};
		learn_shape(s->slot, k.room, stack);
	}
	scratch_put(s);
	return stack;
}

/* @stack: the whole stack, if it can be had; else the call site */
static __always_inline pgmt_site_t site_of(const struct hook *h, bool stack)
{
	pgmt_site_t site = stack ? take_stack(h) : 0;

	/* with --stack=all, a stack that is lost shows as lost */
	return site || (stack_mode == PGMT_STACK_ALL && !watch) ? site : call_site(h);
}

static __always_inline pgmt_site_t site_for_history(const struct hook *h)
{
	return site_of(h, stack_mode == PGMT_STACK_ALL);
}

static __always_inline pgmt_site_t site_for_finding(const struct hook *h)
{
	return site_of(h, stack_mode != PGMT_STACK_NONE);
}

#endif /* PGMAPTRACE_BPF_STACK_BPF_H */
