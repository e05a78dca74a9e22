/* Includes the two public C headers and nothing else of keops: they must be plain C99. Also runs a
 * program that was compiled ahead of time, for which no compiler library may be needed. */
#include "keops-c/keops.h"
#include "keops-c/program.h"

#include <stdio.h>
#include <string.h>

static int32_t copyRows(const keops_args *args) {
  const keops_array *x = &args->inputs[0];
  float *out = (float *)args->outputs[0].data;
  int64_t i;
  for (i = 0; i < args->size_i; ++i)
    out[i] = ((const float *)x->data)[i * x->row_stride];
  return KEOPS_STEP_OK;
}

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, keopsGetLastError());
  return 1;
}

int main(void) {
  const char *manifest = "keops-program 3\nsymbol copy\ninput i 1 f32 x\noutput i f32 Sum 1\n";
  float x[3] = {1, 2, 3}, result[3] = {0, 0, 0};
  int64_t shape[2] = {3, 1};
  keopsTensor input, output;
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  keopsDeviceInfo device = KEOPS_DEVICE_INFO_INIT;
  keopsProgramOptions compile = KEOPS_PROGRAM_OPTIONS_INIT;
  keopsProgram program = NULL;

  if (compile.device_type != KEOPS_CPU || keopsDeviceGetInfo(KEOPS_CPU, 0, &device) != KEOPS_OK)
    return fail("device");
  memset(&input, 0, sizeof(input));
  input.data = x;
  input.dtype = KEOPS_F32;
  input.rank = 2;
  input.shape = shape;
  output = input;
  output.data = result;
  if (keopsProgramCreateFromEntry(manifest, copyRows, &program) != KEOPS_OK)
    return fail("create");
  if (keopsProgramRun(program, &input, 1, &output, 1, &options) != KEOPS_OK)
    return fail("run");
  keopsProgramDestroy(program);
  if (memcmp(x, result, sizeof(x)) != 0)
    return fail("wrong result");
  printf("keops %s runs a program without a compiler\n", keopsGetVersion());
  return 0;
}
