/* Runs half_call, scale * sum over j of (x_i | y_j) in float16, on numbers whose sums are exact, subnormal, and beyond
 * the largest one. */
#include "half.h"
#include <stdio.h>

#define ONE 0x3c00      /* 1 */
#define SMALLEST 0x0001 /* 2^-24 */
#define LARGEST 0x7bff  /* 65504 */
#define INFINITE 0x7c00

int main(void) {
  const uint16_t x[4] = {ONE, SMALLEST, LARGEST, ONE | 0x8000}, y[3] = {ONE, ONE, ONE}, scale[1] = {ONE};
  const uint16_t expected[4] = {0x4200, 0x0003, INFINITE, 0xc200};
  uint16_t result[4];
  int status = half_call(4, 3, x, y, scale, result, 1), k;
  for (k = 0; k < 4; ++k)
    if (status != 0 || result[k] != expected[k]) {
      printf("status %d, row %d: expected %x, got %x\n", status, k, expected[k], result[k]);
      return 1;
    }
  puts("agrees");
  return 0;
}
