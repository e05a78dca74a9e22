/* The calling convention of compiled programs, shared by the compiler, the runtime and
 * ahead-of-time users.
 *
 * A program is one object file with one exported function
 *     int32_t <symbol>(const keops_args *args);
 * and a manifest that says what the function expects. Nothing in this file needs LLVM. */
#ifndef KEOPS_C_PROGRAM_H
#define KEOPS_C_PROGRAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A two-dimensional array (rows, components) of the element type that the manifest states. Strides
 * are in elements and may be zero or negative. A parameter has one row. */
typedef struct keops_array {
  void *data;
  int64_t row_stride;
  int64_t component_stride;
} keops_array;

/* Rows [begin, end) of one index, to be reduced over the same rows of the other index: those in the
 * intervals [first_interval, last_interval) of a work table, `terms` of them. */
typedef struct keops_block {
  int64_t begin, end;
  int64_t first_interval, last_interval;
  int64_t terms;
} keops_block;

typedef struct keops_interval {
  int64_t begin, end;
} keops_interval;

/* Which rows are reduced over which. Every row of the kept index is in one block; the intervals of
 * a block ascend and do not overlap. A dense reduction has one block and one interval. */
typedef struct keops_work {
  const keops_block *blocks;
  const keops_interval *intervals;
  int64_t block_count;
  int64_t most_terms; /* of any block */
} keops_work;

/* Everything a compiled program reads. Sizes are run-time arguments: a change of size never
 * compiles. A run repeats its work for each item of a batch: on the same sizes and work tables,
 * with other parts of the arrays. */
typedef struct keops_args {
  int64_t size_i;              /* M, rows of the Vi arguments */
  int64_t size_j;              /* N, rows of the Vj arguments */
  const keops_array *inputs;   /* one per argument, in manifest order */
  const keops_array *outputs;  /* one per output; int64_t elements for indices */
  void *workspace;             /* 64-byte aligned, at least as large as the manifest asks */
  const int32_t *cancel;       /* polled once a tile; non-zero ends the run; may be NULL */
  int32_t (*poll)(void *data); /* called once a tile by the thread that runs it; non-zero ends the
                                  run; may be NULL */
  void *poll_data;
  keops_work work[2];          /* of reductions that keep i, that keep j */
  int64_t items;               /* of the batch; 1 without one */
  int64_t items_at_once;       /* how many the workspace has room for; at least 1 */
  const int64_t *item_offsets; /* items x (inputs, then outputs): where the part of an array that
                                  belongs to an item begins, in elements behind `data` */
  int32_t threads;             /* at least 1; ignored by programs built with --threads=none */
} keops_args;

/* What the kernels of a program for GPUs read. They are launched one after another, in the order of
 * the manifest, once for every `args.items_at_once` items of the batch; `args.threads` is the
 * number of blocks of the grid. Of `args` they use neither the arrays nor what stops a run. */
typedef struct keops_launch {
  keops_args args;
  int64_t first_item;
  keops_array arrays[1]; /* inputs, then outputs: as many as there are */
} keops_launch;

/* The pieces of a tile are merged one after another: no tile is cut into more. */
#define KEOPS_MOST_PIECES 1024

/* What a compiled program returns. A fault is one of the program itself, found by a machine that
 * watches it (keops-c/emulator.h). */
enum {
  KEOPS_STEP_OK = 0,
  KEOPS_STEP_CANCELLED = 1,
  KEOPS_STEP_NO_MEMORY = 2,
  KEOPS_STEP_FAULT = 3
};

#ifdef __cplusplus
}
#endif
#endif /* KEOPS_C_PROGRAM_H */
