/* Runs half_call, scale * sum over j of (x_i | y_j), on every number of a type of 16 bits: one term
 * gives the number back, three give sums that are exact, subnormal, and beyond the largest one.
 * With -DBFLOAT for bfloat16. */
#include "half.h"
#include <stdio.h>

#ifdef BFLOAT
enum { ONE = 0x3f80, THREE = 0x4040, LARGEST = 0x7f7f, INFINITE = 0x7f80, QUIET = 0x0040 };
#else
enum { ONE = 0x3c00, THREE = 0x4200, LARGEST = 0x7bff, INFINITE = 0x7c00, QUIET = 0x0200 };
#endif
enum { NEGATIVE = 0x8000, COUNT = 0x10000 };

static uint16_t x[COUNT], result[COUNT];
static const uint16_t ones[3] = {ONE, ONE, ONE};

static int check(int k, int expected) {
  if (result[k] == expected)
    return 0;
  printf("%x: expected %x, got %x\n", (unsigned)x[k], (unsigned)expected, (unsigned)result[k]);
  return 1;
}

/* A sum has no negative zero, and a NaN becomes quiet. */
static int identity(int number) {
  int magnitude = number & ~NEGATIVE;
  return magnitude == 0 ? 0 : magnitude > INFINITE ? number | QUIET : number;
}

int main(void) {
  int k, failures = 0;
  for (k = 0; k < COUNT; ++k)
    x[k] = (uint16_t)k;
  failures += half_call(COUNT, 1, x, ones, ones, result, 1) != 0;
  for (k = 0; k < COUNT; ++k)
    failures += check(k, identity(k));
  failures += half_call(COUNT, 3, x, ones, ones, result, 1) != 0;
  failures += check(1, 3) + check(ONE, THREE) + check(ONE | NEGATIVE, THREE | NEGATIVE);
  failures += check(LARGEST, INFINITE) + check(LARGEST | NEGATIVE, INFINITE | NEGATIVE);
  if (!failures)
    puts("agrees");
  return failures != 0;
}
