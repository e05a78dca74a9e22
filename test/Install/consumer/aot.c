/* The Gaussian sum from an object file that keopsc made. */
#include "cloud.h"
#include "gauss.h"

int main(void) {
  fill_clouds();
  if (gauss_call(SIZE_I, SIZE_J, &x[0][0], &y[0][0], b, result, 1) != 0)
    return 1;
  return check_result();
}
