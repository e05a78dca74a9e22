/* The Gaussian sum from an object file that keopsc made. */
#include "cloud.h"
#include "gauss.h"

int main(void) {
  const keops_array inputs[] = {{x, D, 1}, {y, D, 1}, {b, 1, 1}};
  const keops_array output = {result, 1, 1};
  keops_args args = {0};

  fill_clouds();
  args.size_i = M;
  args.size_j = N;
  args.inputs = inputs;
  args.outputs = &output;
  args.threads = 1;
  if (gauss(&args) != KEOPS_STEP_OK)
    return 1;
  return check_result();
}
