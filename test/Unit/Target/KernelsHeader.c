/* What the header of kernels fills, read as kernels do: by keops_launch of keops-c/program.h. */
#include "gauss.h"

#include "keops-c/program.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      printf("line %d: %s\n", __LINE__, #condition);                                               \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

/* Stand-ins for memory of the GPU: only their addresses are used. */
static gauss_tables device;
static float x[3], sum[1];
static uint16_t y[3];
static double p[1];
static int64_t argmin[6];
static char workspace[64];

static void checkArray(const keops_array *array, const void *data, int64_t components) {
  CHECK(array->data == data);
  CHECK(array->row_stride == components);
  CHECK(array->component_stride == 1);
}

static void checkArrays(const keops_launch *launch) {
  checkArray(&launch->arrays[0], x, 3);
  checkArray(&launch->arrays[1], y, 3);
  checkArray(&launch->arrays[2], p, 1);
  checkArray(&launch->arrays[3], sum, 1);
  checkArray(&launch->arrays[4], argmin, 6);
}

/* One block of all rows, and one interval of all rows of the other index. */
static void checkWork(const keops_work *work, const gauss_tables *tables, int kept, int64_t rows,
                      int64_t terms) {
  keops_block block;
  keops_interval interval;
  memcpy(&block, tables->blocks[kept], sizeof block);
  memcpy(&interval, tables->intervals[kept], sizeof interval);
  CHECK(sizeof tables->blocks[kept] == sizeof block);
  CHECK(sizeof tables->intervals[kept] == sizeof interval);
  CHECK(block.begin == 0 && block.end == rows && block.terms == terms);
  CHECK(block.first_interval == 0 && block.last_interval == 1);
  CHECK(interval.begin == 0 && interval.end == terms);
  CHECK((const void *)work->blocks == device.blocks[kept]);
  CHECK((const void *)work->intervals == device.intervals[kept]);
  CHECK(work->block_count == 1 && work->most_terms == terms);
}

static void checkArgs(const keops_args *args) {
  CHECK(args->size_i == 1000 && args->size_j == 2000);
  CHECK(args->workspace == workspace);
  CHECK(!args->inputs && !args->outputs && !args->cancel && !args->poll && !args->poll_data);
  CHECK(args->items == 1 && args->items_at_once == 1);
  CHECK(args->item_offsets == device.item_offsets);
  CHECK(args->threads == 300);
}

int main(void) {
  keops_launch *launch = malloc(sizeof(gauss_launch));
  gauss_tables tables;
  gauss_launch filled =
      gauss_prepare(&tables, &device, 1000, 2000, x, y, p, sum, argmin, workspace, 300);
  int k;
  CHECK(launch && sizeof filled == offsetof(keops_launch, arrays) + 5 * sizeof(keops_array));
  memcpy(launch, &filled, sizeof filled);
  checkArgs(&launch->args);
  checkWork(&launch->args.work[0], &tables, 0, 1000, 2000);
  checkWork(&launch->args.work[1], &tables, 1, 2000, 1000);
  CHECK(launch->first_item == 0);
  checkArrays(launch);
  CHECK(sizeof tables.item_offsets == 5 * sizeof(int64_t));
  for (k = 0; k < 5; ++k)
    CHECK(tables.item_offsets[k] == 0);
  CHECK(gauss_workspace(1000, 2000, 300) == 64 + 5 * 300 + 7 + 11 * 1000 + 13 * 2000 + 17 + 19);
  CHECK(gauss_kernel_count == 2 && strcmp(gauss_kernel_names[1], "gauss_1") == 0);
  CHECK(gauss_kernel_threads[0] == 128 && gauss_kernel_threads[1] == 256);
  free(launch);
  return 0;
}
