// Points the runtime at the pretending compiler library before anything reads the settings.
#include "gtest/gtest.h"

#include <cstdlib>

// Under a sanitizer an allocation beyond reason must fail like any other, for the test that asks
// for one. The names are those of the sanitizers.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" const char *__asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char *__tsan_default_options() { return "allocator_may_return_null=1"; }
// NOLINTEND(readability-identifier-naming)

int main(int argc, char **argv) {
  ::setenv("KEOPS_COMPILER_LIBRARY", KEOPS_FAKE_COMPILER, 1);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
