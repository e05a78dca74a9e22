// Runs on a device have the results that a double-precision evaluation has: sums, minima, several
// outputs, batches, ranges and gradients, at ragged sizes.
#include "TestSupport.h"

using namespace keops;
using namespace keops::test;

TEST(Run, sumsAtRaggedSizes) {
  Program program = compile(gaussFormula, gaussAliases);
  for (int64_t m : {0, 1, 129, 5000})
    for (int64_t n : {0, 1, 129, 5000}) {
      GaussCase arrays(m, n);
      arrays.run(program);
      arrays.check();
    }
}
