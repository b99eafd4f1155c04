// SPDX-License-Identifier: GPL-2.0-only
#include "session/peers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#define MAP_NAME "pgmaptrace"

/* Return: file descriptor of the map with @id, if key and value have these sizes; else -1. */
static int open_map(uint32_t id, size_t key, size_t value)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_map_get_fd_by_id(id);

	if (fd < 0)
		return -1;
	if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.key_size == key &&
	    info.value_size == value)
		return fd;
	close(fd);
	return -1;
}

/*
 * Return: is the map with @id that of a session?  With layout 0 it is of none: hooks are not
 *	attached yet, or not any more.
 * @info: what it says, if it has our size (@same_size).  The struct of another version may
 *	differ, and then nobody can tell whether there is a session: take it for one.
 */
static bool read_info(uint32_t id, struct pgmt_session_info *info, bool *same_size)
{
	struct bpf_map_info map = {0};
	__u32 size = sizeof(map), zero = 0;
	int fd = bpf_map_get_fd_by_id(id);
	bool named, filled = false;

	if (fd < 0)
		return false;
	memset(info, 0, sizeof(*info));
	named = !bpf_obj_get_info_by_fd(fd, &map, &size) && map.type == BPF_MAP_TYPE_ARRAY &&
		!strcmp(map.name, MAP_NAME);
	*same_size = named && map.value_size == sizeof(*info);
	if (*same_size)
		filled = !bpf_map_lookup_elem(fd, &zero, info) && info->layout;
	close(fd);
	return named && (filled || !*same_size);
}

static bool open_kept(const struct pgmt_session_info *info, struct kept *k)
{
	*k = (struct kept){
		.sections = open_map(info->sections, sizeof(uint64_t), sizeof(struct pgmt_section)),
		.histories =
			open_map(info->histories, sizeof(uint64_t), sizeof(struct pgmt_history)),
		.sites = open_map(info->sites, sizeof(uint32_t), sizeof(uint32_t)),
		.stacks = open_map(info->stacks, sizeof(uint32_t), sizeof(struct pgmt_stack)),
		.tasks = open_map(info->tasks, sizeof(uint32_t), sizeof(struct pgmt_task)),
		.spins = open_map(info->spins, sizeof(uint32_t), sizeof(struct pgmt_spins)),
		.began = info->began,
		.pid = info->pid,
		.history = info->history,
	};
	if (k->sections >= 0 && k->histories >= 0 && k->sites >= 0 && k->stacks >= 0 &&
	    k->tasks >= 0 && k->spins >= 0)
		return true;
	peers_close(k);
	return false;
}

bool peers_find(struct kept *k, uint32_t *other)
{
	struct pgmt_session_info info;
	bool same_size, found = false;
	struct kept next;
	uint32_t id = 0;
	int err;

	*k = KEPT_NOTHING;
	*other = 0;
	while (!(err = bpf_map_get_next_id(id, &id))) {
		if (!read_info(id, &info, &same_size))
			continue;
		if (!same_size || info.layout != PGMT_LAYOUT || !open_kept(&info, &next)) {
			*other = info.pid ? info.pid : UINT32_MAX;
			continue;
		}
		if (found && next.began >= k->began) {
			peers_close(&next);
			continue;
		}
		peers_close(k);
		*k = next;
		found = true;
	}
	if (err == -EPERM)
		*other = PEERS_NOT_PERMITTED;
	return found;
}

void peers_close(struct kept *k)
{
	int fds[] = {k->sections, k->histories, k->sites, k->stacks, k->tasks, k->spins};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	*k = KEPT_NOTHING;
}
