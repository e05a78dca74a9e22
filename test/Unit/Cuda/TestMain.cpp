// Points the runtime at the emulated driver before anything reads the settings.
#include "gtest/gtest.h"

#include <cstdlib>

int main(int argc, char **argv) {
  ::setenv("KEOPS_COMPILER_LIBRARY", KEOPS_COMPILER, 1);
  // The environment may name the real one, or none, to see what happens then.
  ::setenv("KEOPS_CUDA_DRIVER", KEOPS_CUDA_EMULATED, 0);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
