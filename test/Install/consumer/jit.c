/* The Gaussian sum through the C interface. */
#include "cloud.h"

#include <keops-c/keops.h>

static int fail(void) {
  fprintf(stderr, "%s\n", keopsGetLastError());
  return 1;
}

int main(void) {
  const char *aliases[] = {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"};
  const int64_t shapes[][2] = {{SIZE_I, DIM}, {SIZE_J, DIM}, {SIZE_J, 1}, {SIZE_I, 1}};
  const keopsTensor inputs[] = {{x, KEOPS_F32, 2, shapes[0], NULL},
                                {y, KEOPS_F32, 2, shapes[1], NULL},
                                {b, KEOPS_F32, 2, shapes[2], NULL}};
  const keopsTensor output = {result, KEOPS_F32, 2, shapes[3], NULL};
  keopsProgramOptions options = KEOPS_PROGRAM_OPTIONS_INIT;
  keopsProgram program;

  fill_clouds();
  options.formula = "Sum_Reduction(Exp(-SqDist(x,y))*b,0)";
  options.aliases = aliases;
  options.alias_count = 3;
  if (keopsProgramCreate(&options, &program) != KEOPS_OK)
    return fail();
  if (keopsProgramRun(program, inputs, 3, &output, 1, NULL) != KEOPS_OK)
    return fail();
  keopsProgramDestroy(program);
  return check_result();
}
