// The number of threads: what was chosen for keops, and what was asked of OpenMP's runtime.
#include "keops/Runtime/Threads.h"
#include "TestSupport.h"

#include <dlfcn.h>
#include <thread>

using namespace keops;
using namespace keops::test;

TEST(Threads, countCanBeChangedAndRestored) {
  int32_t standard = getNumThreads();
  EXPECT_GE(standard, 1);
  setNumThreads(7);
  EXPECT_EQ(getNumThreads(), 7);
  setNumThreads(0);
  EXPECT_EQ(getNumThreads(), standard);
  EXPECT_EQ(getErrorMessage([] { setNumThreads(-1); }),
            "the number of threads must be from 0 (default) to 4096, got -1");
}

TEST(Threads, whatIsAskedOfOpenMPIsALimit) {
  ASSERT_NE(getOpenMP(), nullptr);
  auto ask = reinterpret_cast<void (*)(int)>(dlsym(getOpenMP(), "omp_set_num_threads"));
  auto get = reinterpret_cast<int (*)()>(dlsym(getOpenMP(), "omp_get_max_threads"));
  int atStart = get();
  setNumThreads(atStart + 5);
  EXPECT_EQ(getNumThreads(), atStart + 5) << "nobody asked for the default of OpenMP";
  for (int limit : {1, atStart + 3, atStart + 9}) {
    ask(limit);
    EXPECT_EQ(getNumThreads(), std::min(limit, atStart + 5)) << limit;
  }
  ask(atStart + 1);
  std::thread([&] { EXPECT_EQ(getNumThreads(), atStart + 5) << "of another thread"; }).join();
  ask(atStart);
  EXPECT_EQ(getNumThreads(), atStart + 5);
  setNumThreads(0);
}
