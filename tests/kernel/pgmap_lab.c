// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breaks the rules of pgmaptrace on demand, each in a pgmap made for it, and
 * does the correct form that comes closest to each.  For a kernel that can be
 * thrown away.
 *
 *	insmod pgmap_lab.ko base=0x60000000 size=0x4000000
 *	cat /sys/kernel/debug/pgmap_lab/commands
 *	echo double-request coherent >/sys/kernel/debug/pgmap_lab/command
 *	echo double-request coherent correct >/sys/kernel/debug/pgmap_lab/command
 *
 * The memory at base= must have been set aside at boot, for the line above by
 * memmap=64M$1536M.  What can be written to "command", one line a write:
 *
 *	RULE TYPE [VARIANT] [correct]	as listed in "commands"
 *	traffic TYPE N [HOW]		N folios are requested and freed, correctly;
 *					with HOW the pgmap is left behind:
 *		stay			as it is
 *		hold			with some folios requested, large ones too
 *		lose			with one reference less than it should have
 *		gain			with one more
 *	split TYPE N			N large folios are split, and come back from two CPUs
 *	storm TYPE N			breaks three rules by turns, N times in all
 *	stuck TYPE			a reference that no folio has keeps a pgmap from going
 *	overput TYPE			so does one that was given back twice
 *	entries TYPE N HOW		N folios are requested for a file, which has
 *		held			an entry for each
 *		zapped			the same, and has given them back
 *		none			no entry: the fault failed in the middle
 *	hold PFN			takes a reference of a device page of someone else
 *	drop				ends what leak and its like left behind, and hold
 *
 * "storms" counts, for each rule, how often storms have broken it.
 *
 * The write fails with EOPNOTSUPP if this kernel can't show it, and with
 * another error if the scene could not be set up.  What the kernel says to the
 * broken rule is no failure.
 *
 * A scene breaks one rule and no other: what the broken rule took or left is
 * put right by hand, so that the pgmap's references balance and its folios are
 * idle when it goes.  Hence the percpu_ref_get() and the like that no driver
 * would do.  They are inlined in every kernel, so no tool sees them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dax.h>
#include <linux/debugfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/ioport.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/prandom.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#ifdef CONFIG_X86
#include <asm/ibt.h>
#else
#define ENDBR_INSN_SIZE 0
#endif

static unsigned long base, size;
module_param(base, ulong, 0444);
MODULE_PARM_DESC(base, "physical address of memory set aside at boot");
module_param(size, ulong, 0444);
MODULE_PARM_DESC(size, "bytes of it");

static atomic_t lab_frees = ATOMIC_INIT(0); /* calls of page_free, shown in "frees" */

/* Sets of types */
#define PRIVATE	 BIT(MEMORY_DEVICE_PRIVATE)
#define COHERENT BIT(MEMORY_DEVICE_COHERENT)
#define FS_DAX	 BIT(MEMORY_DEVICE_FS_DAX)
#define GENERIC	 BIT(MEMORY_DEVICE_GENERIC)
#define P2PDMA	 BIT(MEMORY_DEVICE_PCI_P2PDMA)
#define DRIVER	 (COHERENT | (IS_ENABLED(CONFIG_DEVICE_PRIVATE) ? PRIVATE : 0))
#define PMD_DAX	 (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ? FS_DAX : 0)
#define ANY	 (DRIVER | FS_DAX | GENERIC | P2PDMA)

/*
 * ---- How kernels differ
 *
 * Three contracts for device pages; docs/kernels.md describes them.
 *
 *	REQUESTED	types whose folios are requested by a call
 *	MAPPED		types whose folios are requested by mapping them
 *	REFERENCED	types of which a free drops the pgmap reference of a request
 *	DYING_GIVES_REF	who gets a folio of a dying pgmap gets that reference, too
 *	REQUEST_ORDER	largest order that a request makes of single pages
 *
 * What is always inline here calls the kernel, so that a stack has the name of
 * the function that breaks the rule right behind the kernel's.  What a report's
 * stack is looked through for is noinline, and calls that end a function are no
 * jumps: the module is built with -fno-optimize-sibling-calls.
 */
#if defined(PGMAP_HAS_REQUEST)

#include <linux/pfn_t.h>

#define LAB_REQUEST
#define REQUESTED	ANY
#define MAPPED		0
#define REFERENCED	ANY
#define DYING_GIVES_REF true
#define PAGE_FREE	page_free

static struct folio *lab_put_with; /* the next page_free gives two references of it back */

static void lab_page_free(struct page *page)
{
	if (page->pgmap->type == MEMORY_DEVICE_FS_DAX)
		dax_page_free(page); /* takes a huge folio apart */
	if (lab_put_with)
		folio_ref_sub(lab_put_with, 2);
	lab_put_with = NULL;
	atomic_inc(&lab_frees);
}

/* NULL if the kernel refuses */
static __always_inline struct folio *request(struct dev_pagemap *pgmap, unsigned long pfn,
					     unsigned int order)
{
	if (!order)
		return pgmap_get_folio(pgmap, pfn);
	return pgmap_request_folio(pgmap, pfn - PHYS_PFN(pgmap->range.start), order);
}

static pfn_t device_pfn(unsigned long pfn)
{
	return __pfn_to_pfn_t(pfn, PFN_DEV | PFN_MAP);
}

static __always_inline vm_fault_t insert(struct vm_fault *vmf, unsigned long pfn)
{
	return vmf_insert_mixed(vmf->vma, vmf->address, device_pfn(pfn));
}

static void set_pgmap(struct page *page, struct dev_pagemap *pgmap)
{
	page->pgmap = pgmap;
}

#elif LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)

#define LAB_COUNTED
#define REQUESTED	DRIVER
#define MAPPED		FS_DAX
#define REFERENCED	DRIVER
#define DYING_GIVES_REF true
#define REQUEST_ORDER	3
#define PAGE_FREE	folio_free

static void lab_page_free(struct folio *folio)
{
	atomic_inc(&lab_frees);
}

static __always_inline struct folio *request(struct dev_pagemap *pgmap, unsigned long pfn,
					     unsigned int order)
{
	struct page *page = pfn_to_page(pfn);

	zone_device_page_init(page, pgmap, order);
	unlock_page(page);
	return page_folio(page);
}

static __always_inline vm_fault_t insert(struct vm_fault *vmf, unsigned long pfn)
{
	return vmf_insert_page_mkwrite(vmf, pfn_to_page(pfn), vmf->flags & FAULT_FLAG_WRITE);
}

static void set_pgmap(struct page *page, struct dev_pagemap *pgmap)
{
	page_folio(page)->pgmap = pgmap;
}

#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)

#define LAB_CLASSIC
#define REQUESTED	DRIVER
#define MAPPED		0
#define REFERENCED	DRIVER
#define DYING_GIVES_REF false
#define REQUEST_ORDER	0
#define PAGE_FREE	page_free

static void lab_page_free(struct page *page)
{
	atomic_inc(&lab_frees);
}

static __always_inline struct folio *request(struct dev_pagemap *pgmap, unsigned long pfn,
					     unsigned int order)
{
	struct page *page = pfn_to_page(pfn);

	zone_device_page_init(page);
	unlock_page(page);
	return page_folio(page);
}

static vm_fault_t insert(struct vm_fault *vmf, unsigned long pfn)
{
	return VM_FAULT_SIGBUS; /* no rule is about mapping */
}

#else
#error "6.15 to 6.19: fsdax is counted, but zone_device_page_init() has another form"
#endif

static __always_inline void put(struct folio *folio)
{
	folio_put(folio);
}

static vm_fault_t lab_migrate_to_ram(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS; /* required, but no such page is in any page table */
}

static const struct dev_pagemap_ops lab_ops = {
	.PAGE_FREE = lab_page_free,
	.migrate_to_ram = lab_migrate_to_ram,
};

/* Not exported.  The free takes a page on older kernels, which is at the same address. */
static void (*kernel_free)(struct folio *folio);
static void (*kernel_prep_compound)(struct page *page, unsigned int order);
static int (*kernel_delete_entry)(struct address_space *mapping, pgoff_t index);

/* A kprobe finds every function, but says where the code behind its endbr begins. */
static void *lab_look_up(const char *name)
{
	struct kprobe probe = {.symbol_name = name};

	if (register_kprobe(&probe))
		return NULL;
	unregister_kprobe(&probe);
	return (void *)probe.addr - ENDBR_INSN_SIZE;
}

static int lab_look_up_all(void)
{
	kernel_free = lab_look_up("free_zone_device_folio");
	if (!kernel_free)
		kernel_free = lab_look_up("free_zone_device_page");
	kernel_prep_compound = lab_look_up("prep_compound_page");
	kernel_delete_entry = lab_look_up("dax_delete_mapping_entry");
	return kernel_free && kernel_prep_compound && kernel_delete_entry ? 0 : -ENOENT;
}

/* ---- A scene: two pieces of memory, with the pgmap of the first */

#define PIECE_ORDER (PMD_SHIFT - PAGE_SHIFT)
#define PIECE_PAGES (1 << PIECE_ORDER)
#define PIECE_SIZE  PMD_SIZE /* the least that memremap_pages() takes, and a huge page */
#define SCENE_SIZE  (2 * PIECE_SIZE)

/*
 * Of a pgmap with large folios.  memremap_pages() takes it that the struct pages
 * of each are at least the two pages of memory that they share, and does not check.
 */
#define LARGE_ORDER 7

struct lab_map {
	struct dev_pagemap pgmap;
	bool live;
	struct work_struct unmapping; /* after lab_kill() */
};

struct lab_scene {
	enum memory_type type;
	bool correct;
	unsigned long amount;
	int slot;		 /* of the memory at base=, or */
	struct resource *region; /* PRIVATE: addresses without memory */
	phys_addr_t start;
	struct lab_map map;
	struct lab_map other; /* for scenes that need a second one */
	vm_fault_t (*fault)(struct lab_scene *scene, struct vm_fault *vmf);
	vm_fault_t (*huge_fault)(struct lab_scene *scene, struct vm_fault *vmf);
	const char *how; /* traffic: what is left behind; NULL: nothing.  entries: which */
	struct file *file;
	struct folio *held[4];
	u32 nr_held;
	void (*drop)(struct lab_scene *scene); /* set if the scene is to stay */
	struct list_head node;
};

static DEFINE_IDA(lab_slots);
static LIST_HEAD(lab_left); /* scenes that stay until "drop" */
static DEFINE_MUTEX(lab_left_lock);

static unsigned long first_pfn(const struct lab_map *map)
{
	return PHYS_PFN(map->pgmap.range.start);
}

static struct folio *lab_folio(const struct lab_map *map, unsigned long index)
{
	return page_folio(pfn_to_page(first_pfn(map) + index));
}

/* Makes a pgmap of the scene's piece 0 or 1, with folios of @order. */
static noinline int lab_map(struct lab_scene *scene, struct lab_map *map, unsigned int piece,
			    unsigned int order)
{
	struct dev_pagemap *pgmap = &map->pgmap;
	void *memory;

	pgmap->type = scene->type;
	pgmap->ops = &lab_ops;
	pgmap->owner = THIS_MODULE;
	pgmap->vmemmap_shift = order;
	pgmap->nr_range = 1;
	pgmap->range.start = scene->start + piece * PIECE_SIZE;
	pgmap->range.end = pgmap->range.start + PIECE_SIZE - 1;
	memory = memremap_pages(pgmap, NUMA_NO_NODE);
	map->live = !IS_ERR(memory);
	return PTR_ERR_OR_ZERO(memory);
}

static void lab_unmap_work(struct work_struct *work)
{
	memunmap_pages(&container_of(work, struct lab_map, unmapping)->pgmap);
}

/*
 * Begins to unmap; memunmap_pages() will wait for a reference that the caller has.
 * @work: tells the stacks of two scenes apart that break one rule
 */
static void lab_kill(struct lab_map *map, work_func_t work)
{
	INIT_WORK(&map->unmapping, work);
	schedule_work(&map->unmapping);
	while (!percpu_ref_is_dying(&map->pgmap.ref))
		schedule_timeout_uninterruptible(1);
}

static noinline void lab_unmap(struct lab_map *map)
{
	if (!map->live)
		return;
	if (map->unmapping.func)
		flush_work(&map->unmapping);
	else
		memunmap_pages(&map->pgmap);
	map->live = false;
}

static int lab_claim_memory(struct lab_scene *scene)
{
#ifdef CONFIG_DEVICE_PRIVATE
	if (scene->type == MEMORY_DEVICE_PRIVATE) {
		struct resource *region =
			request_free_mem_region(&iomem_resource, SCENE_SIZE, KBUILD_MODNAME);

		if (IS_ERR(region))
			return PTR_ERR(region);
		scene->region = region;
		scene->start = region->start;
		return 0;
	}
#endif
	scene->slot = ida_alloc_max(&lab_slots, size / SCENE_SIZE - 1, GFP_KERNEL);
	if (scene->slot < 0)
		return scene->slot;
	scene->start = base + scene->slot * SCENE_SIZE;
	return 0;
}

static void lab_end(struct lab_scene *scene)
{
	lab_unmap(&scene->other);
	lab_unmap(&scene->map);
	if (scene->region)
		release_mem_region(scene->region->start, resource_size(scene->region));
	else
		ida_free(&lab_slots, scene->slot);
	kfree(scene);
}

/* Plays @run on a new pgmap, which goes again unless the scene is to stay. */
static int lab_play(const struct lab_scene *script, int (*run)(struct lab_scene *scene))
{
	struct lab_scene *scene = kmemdup(script, sizeof(*script), GFP_KERNEL);
	int error;

	if (!scene)
		return -ENOMEM;
	error = lab_claim_memory(scene);
	if (error) {
		kfree(scene);
		return error;
	}
	error = lab_map(scene, &scene->map, 0, 0);
	if (!error)
		error = run(scene);
	if (!scene->drop) {
		lab_end(scene);
		return error;
	}
	mutex_lock(&lab_left_lock);
	list_add(&scene->node, &lab_left);
	mutex_unlock(&lab_left_lock);
	return error;
}

static void lab_drop(void)
{
	struct lab_scene *scene;

	mutex_lock(&lab_left_lock);
	while ((scene = list_first_entry_or_null(&lab_left, struct lab_scene, node))) {
		list_del(&scene->node);
		scene->drop(scene);
		lab_end(scene);
	}
	mutex_unlock(&lab_left_lock);
}

/*
 * ---- Page faults
 *
 * Who writes the command maps a device of this module for a moment.  An offset
 * in the device is the physical address that is mapped there.
 */

static vm_fault_t lab_fault(struct vm_fault *vmf)
{
	struct lab_scene *scene = vmf->vma->vm_private_data;

	return scene->fault ? scene->fault(scene, vmf) : insert(vmf, vmf->pgoff);
}

#ifdef LAB_REQUEST
static vm_fault_t lab_huge_fault(struct vm_fault *vmf, enum page_entry_size entry_size)
{
	struct lab_scene *scene = vmf->vma->vm_private_data;

	if (!scene->huge_fault || entry_size != PE_SIZE_PMD)
		return VM_FAULT_FALLBACK;
	return scene->huge_fault(scene, vmf);
}
#endif

static const struct vm_operations_struct lab_vm_ops = {
	.fault = lab_fault,
#ifdef LAB_REQUEST
	.huge_fault = lab_huge_fault,
#endif
};

static int lab_open(struct inode *inode, struct file *file)
{
	inode->i_flags |= S_DAX;   /* else there are no huge faults */
	file->private_data = NULL; /* without a scene it can't be mapped */
	return 0;
}

static int lab_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!file->private_data)
		return -ENODEV;
	vma->vm_private_data = file->private_data;
	vma->vm_ops = &lab_vm_ops;
#ifdef LAB_REQUEST
	vma->vm_flags |= VM_MIXEDMAP | VM_HUGEPAGE;
#endif
	return 0;
}

static const struct file_operations lab_device_fops = {
	.owner = THIS_MODULE,
	.open = lab_open,
	.mmap = lab_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
};

static struct miscdevice lab_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &lab_device_fops,
	.mode = 0600,
};

/* Maps the scene's first piece, writes to one page and unmaps; EFAULT if the fault failed. */
static noinline int lab_touch(struct lab_scene *scene, unsigned long pfn)
{
	unsigned long first = first_pfn(&scene->map), address;
	struct file *file = filp_open("/dev/" KBUILD_MODNAME, O_RDWR, 0);
	int error;

	if (IS_ERR(file))
		return PTR_ERR(file);
	file->private_data = scene;
	address = vm_mmap(file, 0, PIECE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, PFN_PHYS(first));
	if (IS_ERR_VALUE(address)) {
		error = address;
	} else {
		error = put_user(1, (char __user *)(address + PFN_PHYS(pfn - first)));
		vm_munmap(address, PIECE_SIZE);
	}
	if (xa_load(&file->f_mapping->i_pages, first)) /* the fault stored an entry */
		kernel_delete_entry(file->f_mapping, first);
	fput(file);
	return error;
}

/* ---- Rightful and secret requests and frees */

/* @index: in the scene's first pgmap.  @order: not of a mapping.  NULL if refused. */
static noinline struct folio *lab_request(struct lab_scene *scene, unsigned long index,
					  unsigned int order)
{
	struct folio *folio = lab_folio(&scene->map, index);

	if (!(BIT(scene->type) & MAPPED))
		return request(&scene->map.pgmap, folio_pfn(folio), order);

	/* as file systems do, but with a reference that outlives the mapping */
	folio_ref_inc(folio);
	if (!lab_touch(scene, folio_pfn(folio)))
		return folio;
	folio_ref_dec(folio);
	return NULL;
}

static noinline void lab_free(struct folio *folio)
{
	put(folio);
}

/* The effect of a request, but no tool sees it: for a free that none must precede. */
static void lab_request_secretly(struct lab_scene *scene, struct folio *folio)
{
	if (BIT(scene->type) & REFERENCED)
		percpu_ref_get(&scene->map.pgmap.ref);
	folio_ref_inc(folio);
}

/* ---- The rules, by name */

static int lab_request_not_idle(struct lab_scene *scene)
{
	struct folio *folio = lab_folio(&scene->map, 0);
	struct folio *requested;

	folio_ref_inc(folio);
	if (scene->correct)
		folio_ref_dec(folio);
	requested = request(&scene->map.pgmap, folio_pfn(folio), 0);
	if (requested)
		lab_free(requested); /* the request overwrote the count */
	else if (!scene->correct)
		folio_ref_dec(folio);
	else
		return -EIO;
	return 0;
}

static int lab_double_request(struct lab_scene *scene)
{
	struct dev_pagemap *pgmap = &scene->map.pgmap;
	struct folio *folio = lab_request(scene, 0, 0);
	struct folio *again;

	if (!folio)
		return -EIO;
	if (scene->correct)
		lab_free(folio);
	again = request(pgmap, first_pfn(&scene->map), 0);
	if (scene->correct && !again)
		return -EIO;
	if (!scene->correct && again)
		percpu_ref_put(&pgmap->ref); /* two were taken, and one free will come */
	lab_free(folio);
	return 0;
}

static int lab_request_dying(struct lab_scene *scene)
{
	struct dev_pagemap *pgmap = &scene->map.pgmap;
	struct folio *early = lab_request(scene, 0, 0), *late = NULL;

	if (!early)
		return -EIO;
	if (scene->correct)
		late = lab_request(scene, 1, 0);
	lab_kill(&scene->map, lab_unmap_work);
	if (!scene->correct) {
		late = request(pgmap, first_pfn(&scene->map) + 1, 0);
		if (late && !DYING_GIVES_REF)
			percpu_ref_get(&pgmap->ref);
	}
	if (late)
		lab_free(late);
	lab_free(early);
	return 0;
}

static int lab_free_unrequested(struct lab_scene *scene)
{
	struct folio *folio = lab_folio(&scene->map, 0);

	if (!scene->correct)
		lab_request_secretly(scene, folio);
	else if (!lab_request(scene, 0, 0))
		return -EIO;
	put(folio);
	return 0;
}

static int lab_double_free(struct lab_scene *scene)
{
	struct folio *folio = lab_request(scene, 0, 0);

	if (!folio)
		return -EIO;
	lab_free(folio);
	if (!scene->correct)
		lab_request_secretly(scene, folio);
	else if (!lab_request(scene, 0, 0))
		return -EIO;
	put(folio);
	return 0;
}

/* Frees by another task than the one that requested. */
struct lab_elsewhere {
	struct work_struct work;
	struct lab_scene *scene;
	struct folio *folio;
	int error;
};

static void lab_free_elsewhere(struct work_struct *work)
{
	struct lab_elsewhere *e = container_of(work, struct lab_elsewhere, work);

	lab_free(e->folio);
	if (!e->scene->correct)
		lab_request_secretly(e->scene, e->folio);
	else if (!lab_request(e->scene, 0, 0))
		e->error = -EIO;
	if (!e->error)
		put(e->folio);
}

static int lab_double_free_elsewhere(struct lab_scene *scene)
{
	struct lab_elsewhere e = {.scene = scene, .folio = lab_request(scene, 0, 0)};

	if (!e.folio)
		return -EIO;
	INIT_WORK_ONSTACK(&e.work, lab_free_elsewhere);
	schedule_work(&e.work);
	flush_work(&e.work);
	destroy_work_on_stack(&e.work);
	return e.error;
}

static int lab_free_referenced(struct lab_scene *scene)
{
	struct folio *folio = lab_request(scene, 0, 0);

	if (!folio)
		return -EIO;
	if (scene->correct) {
		put(folio);
	} else {
		kernel_free(folio);
		folio_ref_dec(folio);
	}
	return 0;
}

static int lab_free_mapped(struct lab_scene *scene)
{
	struct folio *folio = lab_request(scene, 0, 0);

	if (!folio)
		return -EIO;
	atomic_inc(&folio->_mapcount);
	if (scene->correct)
		atomic_dec(&folio->_mapcount);
	put(folio);
	if (!scene->correct)
		atomic_dec(&folio->_mapcount);
	return 0;
}

#ifndef LAB_REQUEST

static int lab_generic_overput(struct lab_scene *scene)
{
	struct folio *folio = lab_folio(&scene->map, 0);

	if (scene->correct)
		folio_get(folio);
	put(folio);
	return 0;
}

#endif

/* Below 0 by one, or by none: nothing comes of it before the last look at its pgmap. */
static int lab_refcount_underflow(struct lab_scene *scene)
{
	struct folio *folio = lab_folio(&scene->map, 0);

	folio_ref_sub(folio, folio_ref_count(folio) + !scene->correct);
	lab_unmap(&scene->map);
	return 0;
}

static int lab_pgmap_overlap(struct lab_scene *scene)
{
	int error = lab_map(scene, &scene->other, scene->correct ? 1 : 0, 0);

	return scene->correct ? error : 0;
}

static int lab_teardown_live(struct lab_scene *scene)
{
	struct folio *folio = lab_folio(&scene->map, 0);

	folio_ref_inc(folio);
	if (scene->correct)
		folio_ref_dec(folio);
	lab_unmap(&scene->map);
	return 0;
}

/* Nobody waits for a folio that was requested, since its pgmap reference is gone. */
static noinline struct folio *lab_request_unawaited(struct lab_scene *scene)
{
	struct folio *folio = lab_request(scene, 0, 0);

	if (folio && scene->correct)
		lab_free(folio);
	else if (folio && BIT(scene->type) & REFERENCED)
		percpu_ref_put(&scene->map.pgmap.ref);
	return folio;
}

static int lab_teardown_requested(struct lab_scene *scene)
{
	if (!lab_request_unawaited(scene))
		return -EIO;
	lab_unmap(&scene->map);
	return 0;
}

static int lab_leak_teardown(struct lab_scene *scene)
{
	struct folio *folio = lab_request_unawaited(scene);

	if (!folio)
		return -EIO;
	if (!scene->correct)
		folio_ref_dec(folio); /* idle, but page_free did not come */
	lab_unmap(&scene->map);
	return 0;
}

static void lab_drop_leak(struct lab_scene *scene)
{
	lab_free(lab_folio(&scene->map, 0));
}

static int lab_leak(struct lab_scene *scene)
{
	struct folio *folio = lab_request(scene, 0, 0);

	if (!folio)
		return -EIO;
	if (scene->correct)
		lab_free(folio);
	else
		scene->drop = lab_drop_leak;
	return 0;
}

static void lab_unmap_stalled(struct work_struct *work)
{
	lab_unmap_work(work);
}

/* memunmap_pages() waits for a folio, and the correct form lets it wait no time. */
static int lab_teardown_stall(struct lab_scene *scene)
{
	if (!lab_request(scene, 0, 0))
		return -EIO;
	lab_kill(&scene->map, lab_unmap_stalled);
	if (scene->correct)
		lab_drop_leak(scene);
	else
		scene->drop = lab_drop_leak;
	return 0;
}

/* memunmap_pages() waits for a reference that no folio has. */
static void lab_drop_reference(struct lab_scene *scene)
{
	percpu_ref_put(&scene->map.pgmap.ref);
}

static int lab_reference_too_many(struct lab_scene *scene)
{
	percpu_ref_get(&scene->map.pgmap.ref);
	if (scene->correct) {
		percpu_ref_put(&scene->map.pgmap.ref);
		return 0;
	}
	lab_kill(&scene->map, lab_unmap_work);
	scene->drop = lab_drop_reference;
	return 0;
}

/* Below zero it never comes to zero: it is given back what it lacks, and then the last one. */
static void lab_drop_overput(struct lab_scene *scene)
{
	percpu_ref_get(&scene->map.pgmap.ref);
	percpu_ref_get(&scene->map.pgmap.ref);
	percpu_ref_put(&scene->map.pgmap.ref);
}

static int lab_overput(struct lab_scene *scene)
{
	percpu_ref_put(&scene->map.pgmap.ref);
	lab_kill(&scene->map, lab_unmap_work);
	scene->drop = lab_drop_overput;
	return 0;
}

#ifndef LAB_CLASSIC

/* Where the kernel itself refuses to map the folio, the fault fails: no matter. */
static int lab_map_unrequested(struct lab_scene *scene)
{
	struct folio *folio;
	int error;

	if (!scene->correct) {
		lab_touch(scene, first_pfn(&scene->map));
		return 0;
	}
	folio = lab_request(scene, 0, 0);
	if (!folio)
		return -EIO;
	error = lab_touch(scene, folio_pfn(folio));
	lab_free(folio);
	return error;
}

/* Counted kernels believe who names the wrong pgmap; kernels with requests look. */
static int lab_request_outside(struct lab_scene *scene)
{
	int error = lab_map(scene, &scene->other, 1, 0);
	struct lab_map *right = scene->correct ? &scene->map : &scene->other;
	struct folio *folio;

	if (error)
		return error;
	folio = request(&scene->map.pgmap, first_pfn(right) + PIECE_PAGES - 1, 0);
	if (folio) {
		lab_free(folio);
		set_pgmap(&folio->page, &right->pgmap);
	}
	return scene->correct && !folio ? -EIO : 0;
}

/* Makes single pages of a large folio at the beginning of @map. */
static void lab_take_apart(struct lab_map *map, unsigned int order)
{
	struct folio *folio = lab_folio(map, 0);
	int i;

#ifdef LAB_COUNTED
	folio_reset_order(folio);
#endif
	ClearPageHead(&folio->page);
	for (i = 1; i < 1 << order; i++) {
		struct page *page = pfn_to_page(first_pfn(map) + i);

		clear_compound_head(page);
		page->mapping = NULL;
		set_pgmap(page, &map->pgmap);
	}
}

#endif

#ifdef LAB_COUNTED

/* A free goes by the folio's order: 4 pages are requested, 8 freed. */
static int lab_order_mismatch(struct lab_scene *scene)
{
	struct folio *folio = lab_request(scene, 0, 2);

	if (!scene->correct) {
		percpu_ref_get_many(&scene->map.pgmap.ref, (1 << 3) - (1 << 2));
		kernel_prep_compound(&folio->page, 3);
	}
	put(folio);
	return 0;
}

/* A large folio is split, and only the part with its head is freed. */
static int lab_pages_unbalanced(struct lab_scene *scene)
{
	const unsigned int order = 2;
	struct folio *folio = lab_request(scene, 0, order);
	int i;

	lab_take_apart(&scene->map, order);
	put(folio);
	for (i = 1; i < 1 << order; i++) {
		if (scene->correct) {
			folio = lab_folio(&scene->map, i);
			folio_ref_inc(folio);
			put(folio);
		} else {
			percpu_ref_put(&scene->map.pgmap.ref);
		}
	}
	lab_unmap(&scene->map);
	return 0;
}

/*
 * A fault on what the struct pages say is another folio than its entry stands for.  The
 * address is out of bounds, so that the kernel refuses to map it: else it would oops.
 */
static noinline vm_fault_t lab_map_nowhere(struct vm_fault *vmf, bool huge)
{
	struct vm_fault nowhere;
	unsigned long end = vmf->vma->vm_end;

	memcpy(&nowhere, vmf, sizeof(nowhere));
	memcpy((void *)&nowhere.address, &end, sizeof(end));
	if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) && huge)
		return vmf_insert_folio_pmd(&nowhere, page_folio(pfn_to_page(vmf->pgoff)), true);
	return vmf_insert_page_mkwrite(&nowhere, pfn_to_page(vmf->pgoff), true);
}

static vm_fault_t lab_fault_single(struct lab_scene *scene, struct vm_fault *vmf)
{
	return lab_map_nowhere(vmf, false);
}

static vm_fault_t lab_fault_pmd(struct lab_scene *scene, struct vm_fault *vmf)
{
	return lab_map_nowhere(vmf, true);
}

/* Its file has it stored as one page, or as a huge page that it is a part of. */
static vm_fault_t lab_fault_stored(struct lab_scene *scene, struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	unsigned int order = scene->correct ? PIECE_ORDER : 0;
	XA_STATE_ORDER(xas, &mapping->i_pages, vmf->pgoff, order);
	unsigned long flags = scene->correct ? BIT(1) : 0; /* DAX_PMD */
	vm_fault_t ret;

	lab_folio(&scene->map, 0)->mapping = mapping;
	lab_folio(&scene->map, 0)->index = vmf->pgoff;
	do {
		xas_lock_irq(&xas);
		xas_store(&xas, xa_mk_value(first_pfn(&scene->map) << 4 | flags));
		xas_unlock_irq(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL));
	ret = lab_map_nowhere(vmf, false);
	xas_reset(&xas);
	xas_lock_irq(&xas);
	xas_store(&xas, NULL);
	xas_unlock_irq(&xas);
	lab_folio(&scene->map, 0)->mapping = NULL;
	return ret;
}

/* The fault of @scene on the first page, with the folio that this seems to belong to in use. */
static void lab_touch_used(struct lab_scene *scene)
{
	struct folio *folio = lab_folio(&scene->map, 0);

	folio_ref_inc(folio);
	lab_touch(scene, first_pfn(&scene->map));
}

/* A folio was split, and its head still says that it is one. */
static int lab_mapped_stale(struct lab_scene *scene)
{
	const unsigned int order = 2;
	int i;

	kernel_prep_compound(&lab_folio(&scene->map, 0)->page, order);
	if (scene->correct)
		lab_take_apart(&scene->map, order);
	for (i = 1; i < 1 << order; i++)
		clear_compound_head(pfn_to_page(first_pfn(&scene->map) + i));
	scene->fault = lab_fault_single;
	lab_touch_used(scene);
	if (!scene->correct)
		lab_take_apart(&scene->map, order);
	put(lab_folio(&scene->map, 0));
	return 0;
}

static int lab_mapped_pmd(struct lab_scene *scene)
{
	unsigned int order = scene->correct ? PIECE_ORDER : 2;

	kernel_prep_compound(&lab_folio(&scene->map, 0)->page, order);
	scene->fault = lab_fault_pmd;
	lab_touch_used(scene);
	lab_take_apart(&scene->map, order);
	put(lab_folio(&scene->map, 0));
	return 0;
}

static int lab_mapped_stored(struct lab_scene *scene)
{
	kernel_prep_compound(&lab_folio(&scene->map, 0)->page, PIECE_ORDER);
	scene->fault = lab_fault_stored;
	lab_touch_used(scene);
	lab_take_apart(&scene->map, PIECE_ORDER);
	put(lab_folio(&scene->map, 0));
	return 0;
}

/* A large folio that was split: each of its parts has its own pgmap references. */
static noinline struct lab_map *lab_split(struct lab_scene *scene, int *parts)
{
	if (!lab_request(scene, 0, LARGE_ORDER))
		return NULL;
	lab_take_apart(&scene->map, LARGE_ORDER);
	*parts = 1 << LARGE_ORDER;
	return &scene->map;
}

static int lab_reset_busy(struct lab_scene *scene)
{
	struct folio *folio = lab_folio(&scene->map, 0);

	kernel_prep_compound(&folio->page, 2);
	folio_ref_inc(folio);
	if (scene->correct)
		folio_ref_dec(folio);
	dax_folio_reset_order(folio);
	if (!scene->correct)
		folio_ref_dec(folio);
	return 0;
}

#endif

#ifdef LAB_REQUEST

/*
 * For requests that the kernel refuses if they are wrong: what it granted goes
 * back, and if it refused the correct one there was no scene.
 */
static int lab_give_back(struct lab_scene *scene, struct folio *folio, int nr)
{
	if (folio)
		pgmap_release_folios(folio, nr);
	return scene->correct && !folio ? -EIO : 0;
}

static __always_inline struct folio *request_span(struct lab_map *map, unsigned long index, int nr)
{
	struct folio *folio = lab_folio(map, index);

	return pgmap_request_folios(&map->pgmap, folio, nr) ? folio : NULL;
}

static int lab_request_past_end(struct lab_scene *scene)
{
	pgoff_t offset = scene->correct ? PIECE_PAGES - 1 : PIECE_PAGES;

	return lab_give_back(scene, pgmap_request_folio(&scene->map.pgmap, offset, 0), 1);
}

static int lab_request_over_end(struct lab_scene *scene)
{
	unsigned long index = scene->correct ? PIECE_PAGES - 2 : PIECE_PAGES - 1;

	return lab_give_back(scene, request_span(&scene->map, index, 2), 2);
}

static int lab_order_mismatch(struct lab_scene *scene)
{
	int error = lab_map(scene, &scene->other, 1, LARGE_ORDER);
	unsigned int order = scene->correct ? LARGE_ORDER : LARGE_ORDER - 1;

	if (error)
		return error;
	return lab_give_back(scene, pgmap_request_folio(&scene->other.pgmap, 0, order), 1);
}

/* The fifth folio of the span is a large one. */
static int lab_mixed_orders(struct lab_scene *scene)
{
	int nr = scene->correct ? 4 : 5;

	kernel_prep_compound(&lab_folio(&scene->map, 4)->page, 2);
	return lab_give_back(scene, request_span(&scene->map, 0, nr), nr);
}

static int lab_release_unrequested(struct lab_scene *scene)
{
	if (scene->correct && !lab_request(scene, 0, 0))
		return -EIO;
	pgmap_release_folios(lab_folio(&scene->map, 0), 1);
	return 0;
}

/*
 * While three folios are released the second is put twice more than it should be, as by a loop
 * that visits it again.
 */
static int lab_released_twice(struct lab_scene *scene)
{
	struct folio *second = lab_folio(&scene->map, 1);

	if (!request_span(&scene->map, 0, 3))
		return -EIO;
	if (!scene->correct)
		lab_put_with = second;
	pgmap_release_folios(lab_folio(&scene->map, 0), 3);
	if (!scene->correct) {
		folio_ref_add(second, 3);
		put(second);
	}
	return 0;
}

/* A large folio comes back without its tails, which stay idle but requested. */
static int lab_pages_unbalanced(struct lab_scene *scene)
{
	int error = lab_map(scene, &scene->other, 1, LARGE_ORDER);
	struct folio *folio;

	if (error)
		return error;
	folio = pgmap_request_folio(&scene->other.pgmap, 0, LARGE_ORDER);
	if (!folio)
		return -EIO;
	if (!scene->correct)
		lab_take_apart(&scene->other, LARGE_ORDER);
	put(folio);
	lab_unmap(&scene->other);
	return 0;
}

/* A large folio that was split: each of its parts has its own pgmap reference. */
static noinline struct lab_map *lab_split(struct lab_scene *scene, int *parts)
{
	struct lab_map *map = &scene->other;

	if (lab_map(scene, map, 1, LARGE_ORDER) ||
	    !pgmap_request_folio(&map->pgmap, 0, LARGE_ORDER))
		return NULL;
	lab_take_apart(map, LARGE_ORDER);
	*parts = 1 << LARGE_ORDER;
	percpu_ref_get_many(&map->pgmap.ref, *parts - 1);
	return map;
}

static void lab_drop_folios(struct lab_scene *scene)
{
	percpu_ref_get(&scene->map.pgmap.ref);
	lab_free(lab_folio(&scene->map, 0));
	lab_free(lab_folio(&scene->map, 1));
}

static void lab_unmap_few(struct work_struct *work)
{
	lab_unmap_work(work);
}

/* Two folios and one reference, so that memunmap_pages() waits all the same */
static int lab_reference_too_few(struct lab_scene *scene)
{
	if (!lab_request(scene, 0, 0) || !lab_request(scene, 1, 0))
		return -EIO;
	percpu_ref_put(&scene->map.pgmap.ref);
	if (scene->correct) {
		lab_drop_folios(scene);
		return 0;
	}
	lab_kill(&scene->map, lab_unmap_few);
	scene->drop = lab_drop_folios;
	return 0;
}

/* ---- Folios that name a file, which may hold them or not */

static void lab_drop_entries(struct lab_scene *scene)
{
	struct address_space *mapping = scene->file->f_mapping;
	int i;

	for (i = 0; i < scene->amount; i++) {
		struct folio *folio = lab_folio(&scene->map, i);

		/* gives the reference back that goes with an entry */
		if (strcmp(scene->how, "none"))
			kernel_delete_entry(mapping, folio_pfn(folio));
		if (strcmp(scene->how, "held"))
			lab_free(folio);
	}
	fput(scene->file);
}

static void lab_name_file(struct folio *folio, struct address_space *mapping)
{
	folio->mapping = mapping;
	folio->index = folio_pfn(folio); /* as lab_touch() has it */
}

static void lab_store_entry(struct folio *folio, struct address_space *mapping, unsigned long flags)
{
	void *entry = xa_mk_value(folio_pfn(folio) << DAX_SHIFT | flags);

	xa_store(&mapping->i_pages, folio_pfn(folio), entry, GFP_KERNEL);
	mapping->nrpages++;
}

/* As dax_insert_entry() does, or did until it failed. */
static int lab_entries(struct lab_scene *scene)
{
	int i;

	if (scene->amount > PIECE_PAGES || !request_span(&scene->map, 0, scene->amount))
		return -EINVAL;
	scene->file = filp_open("/dev/" KBUILD_MODNAME, O_RDWR, 0);
	if (IS_ERR(scene->file)) {
		lab_give_back(scene, lab_folio(&scene->map, 0), scene->amount);
		return PTR_ERR(scene->file);
	}
	scene->drop = lab_drop_entries;
	for (i = 0; i < scene->amount; i++) {
		struct folio *folio = lab_folio(&scene->map, i);

		lab_name_file(folio, scene->file->f_mapping);
		if (strcmp(scene->how, "none"))
			lab_store_entry(folio, scene->file->f_mapping,
					strcmp(scene->how, "zapped") ? 0 : DAX_ZAP);
	}
	return 0;
}

/* A layout break gives back what the file has an entry of, and nobody requested. */
static int lab_release_zapped(struct lab_scene *scene)
{
	struct folio *folio = lab_folio(&scene->map, 0);
	struct address_space *mapping;
	struct file *file;

	if (scene->correct && !lab_request(scene, 0, 0))
		return -EIO;
	file = filp_open("/dev/" KBUILD_MODNAME, O_RDWR, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	mapping = file->f_mapping;
	lab_name_file(folio, mapping);
	lab_store_entry(folio, mapping, 0);
	dax_zap_mappings_range(mapping, 0, LLONG_MAX);
	kernel_delete_entry(mapping, folio_pfn(folio));
	folio->mapping = NULL;
	folio->index = 0;
	fput(file);
	return 0;
}

/*
 * ---- Huge faults, with the steps of fs/dax.c
 *
 * Request every pfn, lock the folio, build it, store the entry, unlock, map.
 */

/* The first three steps: one folio with one reference of @nr requested ones */
static noinline struct folio *lab_build_huge(struct lab_scene *scene, int nr)
{
	struct folio *folio = request_span(&scene->map, 0, nr);
	int i;

	if (!folio)
		return NULL;
	folio_lock(folio);
	for (i = 1; i < nr; i++)
		folio_ref_dec(lab_folio(&scene->map, i));
	percpu_ref_put_many(&scene->map.pgmap.ref, nr - 1);
	kernel_prep_compound(&folio->page, PIECE_ORDER);
	return folio;
}

/* dax_insert_entry() joins a huge folio that is in use, and else makes one itself. */
static __always_inline vm_fault_t lab_store_huge(struct lab_scene *scene, struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	XA_STATE_ORDER(xas, &mapping->i_pages, first_pfn(&scene->map), PIECE_ORDER);
	void *entry = xa_mk_value(DAX_PMD | DAX_EMPTY);
	vm_fault_t ret;

	/* as grab_mapping_entry() does */
	do {
		xas_lock_irq(&xas);
		xas_store(&xas, xa_mk_value(xa_to_value(entry) | DAX_LOCKED));
		if (!xas_error(&xas))
			mapping->nrpages += PIECE_PAGES;
		xas_unlock_irq(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL));
	if (xas_error(&xas))
		return VM_FAULT_OOM;

	ret = dax_insert_entry(&xas, vmf, &entry, device_pfn(first_pfn(&scene->map)), DAX_PMD);

	/* as dax_unlock_entry() does, but nobody waits for this one */
	xas_reset(&xas);
	xas_lock_irq(&xas);
	xas_store(&xas, entry);
	xas_unlock_irq(&xas);
	return ret;
}

static __always_inline vm_fault_t lab_insert_huge(struct lab_scene *scene, struct vm_fault *vmf)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;

	return vmf_insert_pfn_pmd(vmf, device_pfn(first_pfn(&scene->map)), write);
}

static vm_fault_t lab_fault_partial(struct lab_scene *scene, struct vm_fault *vmf)
{
	int nr = scene->correct ? PIECE_PAGES : PIECE_PAGES - 1;
	struct folio *folio = lab_build_huge(scene, nr);
	vm_fault_t ret;

	if (!folio)
		return VM_FAULT_SIGBUS;
	ret = lab_store_huge(scene, vmf);
	folio_unlock(folio);
	put(folio); /* the entry has a reference of its own */
	return ret ?: lab_insert_huge(scene, vmf);
}

static int lab_partial_request(struct lab_scene *scene)
{
	scene->huge_fault = lab_fault_partial;
	return lab_touch(scene, first_pfn(&scene->map));
}

static vm_fault_t lab_fault_early(struct lab_scene *scene, struct vm_fault *vmf)
{
	struct folio *folio;
	vm_fault_t ret, mapped;

	if (scene->correct)
		return lab_store_huge(scene, vmf) ?: lab_insert_huge(scene, vmf);
	folio = lab_build_huge(scene, PIECE_PAGES);
	if (!folio)
		return VM_FAULT_SIGBUS;
	mapped = lab_insert_huge(scene, vmf);
	ret = lab_store_huge(scene, vmf);
	folio_unlock(folio);
	put(folio);
	return ret ?: mapped;
}

static int lab_flow_order(struct lab_scene *scene)
{
	scene->huge_fault = lab_fault_early;
	return lab_touch(scene, first_pfn(&scene->map));
}

#endif

#ifndef LAB_CLASSIC

static void lab_free_part(struct lab_map *map, int index)
{
	folio_ref_inc(lab_folio(map, index));
	lab_free(lab_folio(map, index));
}

/* Of a large folio that was split, the second page is handed out before its free. */
static int lab_part_requested(struct lab_scene *scene)
{
	int parts, i;
	struct lab_map *map = lab_split(scene, &parts);
	struct folio *folio;

	if (!map)
		return -EIO;
	lab_free(lab_folio(map, 0));
	if (scene->correct)
		lab_free_part(map, 1);
	folio = request(&map->pgmap, first_pfn(map) + 1, 0);
	if (folio && !scene->correct)
		percpu_ref_put(&map->pgmap.ref); /* two are held, and one free will come */
	if (folio)
		lab_free(folio);
	for (i = 2; i < parts; i++)
		lab_free_part(map, i);
	return folio ? 0 : -EIO;
}

#ifdef LAB_COUNTED

/*
 * The first and the last part of a large folio that was split are not freed when the
 * whole of it is handed out again, and once more after its free: that is one bug.
 */
static int lab_whole_requested(struct lab_scene *scene)
{
	int parts, i;
	struct lab_map *map = lab_split(scene, &parts);

	if (!map)
		return -EIO;
	for (i = 0; i < parts; i++) {
		if (i && (scene->correct || i < parts - 1)) {
			lab_free_part(map, i);
		} else if (scene->correct) {
			lab_free(lab_folio(map, i));
		} else {
			if (!i)
				folio_ref_dec(lab_folio(map, i));
			percpu_ref_put(&map->pgmap.ref);
		}
	}
	for (i = 0; i < 2; i++)
		lab_free(request(&map->pgmap, first_pfn(map), LARGE_ORDER));
	return 0;
}

#endif

/* Every second part of a large folio that was split. */
struct lab_half {
	struct work_struct work;
	struct lab_map *map;
	atomic_t *there; /* how many CPUs have come that free parts of it */
	int first, parts;
};

static void lab_free_half(struct work_struct *work)
{
	struct lab_half *half = container_of(work, struct lab_half, work);
	unsigned long end = jiffies + HZ;
	int i;

	atomic_inc(half->there);
	while (atomic_read(half->there) < 2 && time_before(jiffies, end))
		cpu_relax();
	for (i = half->first; i < half->parts; i += 2) {
		if (i)
			lab_free_part(half->map, i);
		else
			lab_free(lab_folio(half->map, 0));
	}
}

static int lab_split_traffic(struct lab_scene *scene)
{
	unsigned long left = scene->amount;

	for (; left && !fatal_signal_pending(current); left--) {
		unsigned int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
		atomic_t there = ATOMIC_INIT(cpu >= nr_cpu_ids);
		struct lab_half odd = {.there = &there, .first = 1}, even = {.there = &there};
		struct lab_map *map = lab_split(scene, &odd.parts);

		if (!map)
			return -EIO;
		odd.map = even.map = map;
		even.parts = odd.parts;
		INIT_WORK_ONSTACK(&odd.work, lab_free_half);
		if (cpu < nr_cpu_ids)
			schedule_work_on(cpu, &odd.work);
		lab_free_half(&even.work);
		if (cpu < nr_cpu_ids)
			flush_work(&odd.work);
		else
			lab_free_half(&odd.work);
		destroy_work_on_stack(&odd.work);
		if (map != &scene->map)
			lab_unmap(map);
	}
	return left ? -EINTR : 0;
}

#else

static int lab_split_traffic(struct lab_scene *scene)
{
	return -EOPNOTSUPP;
}

#endif

/*
 * ---- Traffic
 *
 * The seed is fixed, so that each run does the same.
 */
#ifdef LAB_REQUEST

/* Single folios and spans, of one page and large */
static int lab_set_up_traffic(struct lab_scene *scene)
{
	/* the page_free of fsdax would take large ones apart */
	bool large = scene->type != MEMORY_DEVICE_FS_DAX;

	return lab_map(scene, &scene->other, 1, large ? LARGE_ORDER : 0);
}

static u32 lab_request_some(struct lab_scene *scene, struct rnd_state *random,
			    struct folio **folios, u32 want)
{
	struct lab_map *map = prandom_u32_state(random) % 2 ? &scene->map : &scene->other;
	unsigned int order = map->pgmap.vmemmap_shift;
	bool span = prandom_u32_state(random) % 2;
	u32 got;

	if (span && !request_span(map, 0, want))
		return 0;
	for (got = 0; got < want; got++) {
		folios[got] = lab_folio(map, got << order);
		if (!span && !request(&map->pgmap, folio_pfn(folios[got]), order))
			break;
	}
	return got;
}

static void lab_free_some(struct rnd_state *random, struct folio **folios, u32 nr)
{
	if (nr && prandom_u32_state(random) % 2) {
		pgmap_release_folios(folios[0], nr);
		return;
	}
	while (nr)
		lab_free(folios[--nr]);
}

#else

static int lab_set_up_traffic(struct lab_scene *scene)
{
	return 0;
}

static u32 lab_request_some(struct lab_scene *scene, struct rnd_state *random,
			    struct folio **folios, u32 want)
{
	u32 got;

	for (got = 0; got < want; got++) {
		folios[got] = lab_request(scene, got << REQUEST_ORDER,
					  prandom_u32_state(random) % (REQUEST_ORDER + 1));
		if (!folios[got])
			break;
	}
	return got;
}

static void lab_free_some(struct rnd_state *random, struct folio **folios, u32 nr)
{
	while (nr)
		lab_free(folios[--nr]);
}

#endif

static void lab_drop_traffic(struct lab_scene *scene)
{
	while (scene->nr_held)
		lab_free(scene->held[--scene->nr_held]);
	if (!strcmp(scene->how, "lose"))
		percpu_ref_get(&scene->map.pgmap.ref);
	if (!strcmp(scene->how, "gain"))
		percpu_ref_put(&scene->map.pgmap.ref);
}

static void lab_leave_traffic(struct lab_scene *scene, struct rnd_state *random)
{
	scene->drop = lab_drop_traffic;
	if (!strcmp(scene->how, "lose"))
		percpu_ref_put(&scene->map.pgmap.ref);
	if (!strcmp(scene->how, "gain"))
		percpu_ref_get(&scene->map.pgmap.ref);
	if (!strcmp(scene->how, "hold"))
		scene->nr_held =
			lab_request_some(scene, random, scene->held, ARRAY_SIZE(scene->held));
}

static int lab_traffic(struct lab_scene *scene)
{
	unsigned long left = scene->amount;
	struct folio *folios[PIECE_PAGES >> LARGE_ORDER];
	struct rnd_state random;
	int error;

	prandom_seed_state(&random, 1);
	error = lab_set_up_traffic(scene);
	while (left && !error) {
		u32 want = 1 + prandom_u32_state(&random) % ARRAY_SIZE(folios), got;

		want = min_t(unsigned long, want, left);
		got = lab_request_some(scene, &random, folios, want);
		lab_free_some(&random, folios, got);
		left -= got;
		if (got < want)
			error = -EIO;
		else if (fatal_signal_pending(current))
			error = -EINTR;
		cond_resched();
	}
	if (!error && scene->how)
		lab_leave_traffic(scene, &random);
	return error;
}

/*
 * ---- A storm
 *
 * Each break of a rule has the same stack as all others of that rule, whoever
 * writes the command: one call that breaks it, in a function with one caller.
 * All is put right at once, and the pgmap lasts for the whole storm.
 */

static noinline int lab_storm_double_request(struct lab_scene *scene, struct folio *folio)
{
	struct dev_pagemap *pgmap = &scene->map.pgmap;

	if (!request(pgmap, folio_pfn(folio), 0))
		return -EIO;
	if (request(pgmap, folio_pfn(folio), 0))
		percpu_ref_put(&pgmap->ref); /* as in lab_double_request() */
	lab_free(folio);
	return 0;
}

static noinline int lab_storm_free_referenced(struct lab_scene *scene, struct folio *folio)
{
	if (!request(&scene->map.pgmap, folio_pfn(folio), 0))
		return -EIO;
	kernel_free(folio);
	folio_ref_dec(folio);
	return 0;
}

/* Something must have freed it before. */
static noinline int lab_storm_double_free(struct lab_scene *scene, struct folio *folio)
{
	lab_request_secretly(scene, folio);
	put(folio);
	return 0;
}

static struct lab_storm {
	const char *rule;
	int (*run)(struct lab_scene *scene, struct folio *folio);
	atomic_t times; /* shown in "storms" */
} lab_storms[] = {
	{"double-request", lab_storm_double_request},
	{"free-referenced", lab_storm_free_referenced},
	{"double-free", lab_storm_double_free},
};

/* All of @lab_storms on one folio, then on the next. */
static int lab_storm(struct lab_scene *scene)
{
	const unsigned long nr = ARRAY_SIZE(lab_storms);
	unsigned long i;
	int error = 0;

	for (i = 0; i < scene->amount && !error; i++) {
		struct lab_storm *storm = &lab_storms[i % nr];

		error = storm->run(scene, lab_folio(&scene->map, i / nr % PIECE_PAGES));
		if (!error)
			atomic_inc(&storm->times);
		if (fatal_signal_pending(current))
			error = -EINTR;
		cond_resched();
	}
	return error;
}

static int lab_storms_show(struct seq_file *seq, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(lab_storms); i++)
		seq_printf(seq, "%s %d\n", lab_storms[i].rule, atomic_read(&lab_storms[i].times));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(lab_storms);

/* ---- Commands */

static const struct lab_command {
	const char *rule;
	const char *variant;
	unsigned long types;
	int (*run)(struct lab_scene *scene);
} lab_commands[] = {
	{"request-not-idle", NULL, REQUESTED, lab_request_not_idle},
	{"double-request", NULL, REQUESTED, lab_double_request},
	{"request-dying", NULL, REQUESTED, lab_request_dying},
	{"free-unrequested", NULL, REQUESTED | MAPPED, lab_free_unrequested},
	{"double-free", NULL, REQUESTED, lab_double_free},
	{"double-free", "elsewhere", REQUESTED, lab_double_free_elsewhere},
	{"free-referenced", NULL, REQUESTED, lab_free_referenced},
	{"free-referenced", "mapped", REQUESTED | MAPPED, lab_free_mapped},
	{"refcount-underflow", NULL, ANY, lab_refcount_underflow},
	{"pgmap-overlap", NULL, ANY, lab_pgmap_overlap},
	{"teardown-live", NULL, ANY, lab_teardown_live},
	{"leak", NULL, REQUESTED | MAPPED, lab_leak},
	{"leak", "teardown", REQUESTED, lab_leak_teardown},
	{"teardown-stall", NULL, REFERENCED, lab_teardown_stall},
#ifdef LAB_REQUEST
	{"request-outside", "past-end", REQUESTED, lab_request_past_end},
	{"request-outside", "over-end", REQUESTED, lab_request_over_end},
	{"order-mismatch", "span", REQUESTED, lab_mixed_orders},
	{"partial-request", NULL, FS_DAX, lab_partial_request},
	{"flow-order", NULL, FS_DAX, lab_flow_order},
	{"release-unrequested", NULL, REQUESTED, lab_release_unrequested},
	{"refcount-underflow", "released", REQUESTED, lab_released_twice},
	{"release-unrequested", "zapped", FS_DAX, lab_release_zapped},
	{"ref-imbalance", NULL, REQUESTED, lab_reference_too_many},
	{"ref-imbalance", "few", REQUESTED, lab_reference_too_few},
	{"ref-imbalance", "teardown", REQUESTED, lab_teardown_requested},
#else
	{"teardown-live", "requested", REQUESTED | MAPPED, lab_teardown_requested},
	{"generic-overput", NULL, GENERIC, lab_generic_overput},
#endif
#ifdef LAB_COUNTED
	{"reset-busy", NULL, FS_DAX, lab_reset_busy},
	{"order-mismatch", "mapped", FS_DAX, lab_mapped_stale},
	{"order-mismatch", "pmd", PMD_DAX, lab_mapped_pmd},
	{"order-mismatch", "stored", FS_DAX, lab_mapped_stored},
#endif
#ifndef LAB_CLASSIC
	{"map-unrequested", NULL, FS_DAX, lab_map_unrequested},
	{"request-outside", NULL, REQUESTED, lab_request_outside},
	/* fsdax makes its large folios itself */
	{"order-mismatch", NULL, REQUESTED & ~FS_DAX, lab_order_mismatch},
	{"pages-unbalanced", NULL, REQUESTED & ~FS_DAX, lab_pages_unbalanced},
	{"pages-unbalanced", "requested", REQUESTED & ~FS_DAX, lab_part_requested},
#ifdef LAB_COUNTED
	{"pages-unbalanced", "whole", REQUESTED & ~FS_DAX, lab_whole_requested},
#endif
#endif
};

/* by enum memory_type, which begins with 1 */
static const char *const lab_types[] = {"", "private", "coherent", "fsdax", "generic", "p2pdma"};

static int lab_commands_show(struct seq_file *seq, void *unused)
{
	unsigned long type;
	int i;

	for (i = 0; i < ARRAY_SIZE(lab_commands); i++) {
		const struct lab_command *command = &lab_commands[i];

		for_each_set_bit(type, &command->types, ARRAY_SIZE(lab_types))
			seq_printf(seq, "%s %s%s%s\n", command->rule, lab_types[type],
				   command->variant ? " " : "", command->variant ?: "");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(lab_commands);

/* @variant: NULL for the one without a name */
static const struct lab_command *lab_find(const char *rule, enum memory_type type,
					  const char *variant)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(lab_commands); i++) {
		const struct lab_command *command = &lab_commands[i];

		if (!strcmp(command->rule, rule) && command->types & BIT(type) &&
		    !strcmp(command->variant ?: "", variant ?: ""))
			return command;
	}
	return NULL;
}

static struct page *lab_held;

static noinline void lab_let_go(void)
{
	if (lab_held)
		put_page(lab_held);
	lab_held = NULL;
}

static int lab_hold(unsigned long pfn)
{
	struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;

	if (lab_held || !page || !is_zone_device_page(page))
		return -EINVAL;
	if (!get_page_unless_zero(page))
		return -EBUSY;
	lab_held = page;
	return 0;
}

static const char *lab_how(const char *word)
{
	static const char *const hows[] = {"stay", "hold", "lose", "gain"};
	int how = match_string(hows, ARRAY_SIZE(hows), word);

	return how < 0 ? NULL : hows[how];
}

static int lab_obey_entries(struct lab_scene *script, char **word)
{
#ifdef LAB_REQUEST
	static const char *const hows[] = {"held", "zapped", "none"};
	int how = match_string(hows, ARRAY_SIZE(hows), word[3]);

	if (how < 0)
		return how;
	script->how = hows[how];
	if (script->type == MEMORY_DEVICE_FS_DAX)
		return kstrtoul(word[2], 0, &script->amount) ?: lab_play(script, lab_entries);
#endif
	return -EOPNOTSUPP;
}

static int lab_obey(int words, char **word)
{
	struct lab_scene script = {};
	const struct lab_command *command;
	unsigned long pfn;
	int type, error;

	if (words == 1 && !strcmp(word[0], "drop")) {
		lab_drop();
		lab_let_go();
		return 0;
	}
	if (words == 2 && !strcmp(word[0], "hold"))
		return kstrtoul(word[1], 0, &pfn) ?: lab_hold(pfn);
	if (words < 2)
		return -EINVAL;
	type = match_string(lab_types, ARRAY_SIZE(lab_types), word[1]);
	if (type < 0)
		return type;
	script.type = type;
	if ((words == 3 || words == 4) && !strcmp(word[0], "traffic")) {
		script.how = words == 4 ? lab_how(word[3]) : NULL;
		if (words == 4 && !script.how)
			return -EINVAL;
		error = kstrtoul(word[2], 0, &script.amount);
		if (error)
			return error;
		/* of none, a pgmap of any type may stay */
		if (script.amount && !(BIT(script.type) & (REQUESTED | MAPPED)))
			return -EOPNOTSUPP;
		return lab_play(&script, lab_traffic);
	}
	if (words == 4 && !strcmp(word[0], "entries"))
		return lab_obey_entries(&script, word);
	if (words == 3 && !strcmp(word[0], "split")) {
		if (!(BIT(script.type) & REQUESTED) || script.type == MEMORY_DEVICE_FS_DAX)
			return -EOPNOTSUPP;
		return kstrtoul(word[2], 0, &script.amount) ?: lab_play(&script, lab_split_traffic);
	}
	if (words == 3 && !strcmp(word[0], "storm")) {
		if (!(BIT(script.type) & REQUESTED))
			return -EOPNOTSUPP;
		return kstrtoul(word[2], 0, &script.amount) ?: lab_play(&script, lab_storm);
	}
	if (words == 2 && !strcmp(word[0], "stuck"))
		return lab_play(&script, lab_reference_too_many);
	if (words == 2 && !strcmp(word[0], "overput"))
		return lab_play(&script, lab_overput);
	script.correct = !strcmp(word[words - 1], "correct");
	words -= script.correct;
	if (words > 3)
		return -EINVAL;
	command = lab_find(word[0], script.type, words == 3 ? word[2] : NULL);
	return command ? lab_play(&script, command->run) : -EOPNOTSUPP;
}

static ssize_t lab_command_write(struct file *file, const char __user *user, size_t len,
				 loff_t *pos)
{
	char *line, **word;
	int words, error;

	if (len > 128)
		return -EINVAL;
	line = memdup_user_nul(user, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	pr_info("%s\n", strim(line));
	word = argv_split(GFP_KERNEL, line, &words);
	kfree(line);
	if (!word)
		return -ENOMEM;
	error = words ? lab_obey(words, word) : -EINVAL;
	argv_free(word);
	return error ?: len;
}

static const struct file_operations lab_command_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = lab_command_write,
};

static struct dentry *lab_dir;

static int __init lab_init(void)
{
	int error;

	if (!IS_ALIGNED(base, PIECE_SIZE) || size < SCENE_SIZE) {
		pr_err("base= must be a multiple of 2 MiB, and size= at least 4 MiB\n");
		return -EINVAL;
	}
	error = lab_look_up_all();
	if (error)
		return error;
	/* Fails for system RAM, and gives the memory a name in /proc/iomem. */
	if (!request_mem_region(base, size, KBUILD_MODNAME))
		return -EBUSY;
	error = misc_register(&lab_device);
	if (error) {
		release_mem_region(base, size);
		return error;
	}
	lab_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("command", 0200, lab_dir, NULL, &lab_command_fops);
	debugfs_create_file("commands", 0400, lab_dir, NULL, &lab_commands_fops);
	debugfs_create_file("storms", 0400, lab_dir, NULL, &lab_storms_fops);
	debugfs_create_atomic_t("frees", 0400, lab_dir, &lab_frees);
	return 0;
}

static void __exit lab_exit(void)
{
	debugfs_remove(lab_dir);
	lab_drop();
	lab_let_go();
	misc_deregister(&lab_device);
	release_mem_region(base, size);
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_DESCRIPTION("Breaks the rules of device page references on demand");
MODULE_LICENSE("GPL");
