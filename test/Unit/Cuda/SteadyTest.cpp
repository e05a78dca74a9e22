// What a run does beside its kernels: a second one like it copies and allocates nothing, contexts
// and streams stay the caller's, threads and devices do not disturb each other, graphs can be made.
#include "TestSupport.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

using namespace keops;
using namespace keops::test;

static int64_t count(const std::vector<std::string> &calls, const std::string &name) {
  return std::count(calls.begin(), calls.end(), name);
}

TEST(Steady, secondRunAllocatesAndCopiesNothing) {
  Program program = compile(gaussFormula, gaussAliases);
  DeviceArray<> x({40, 100, 3}, makeNumbers(12000, 1)), y({40, 50, 3}, makeNumbers(6000, 2)),
      b({50, 1}, makeNumbers(50, 3)), out({40, 100, 1});
  auto run = [&] { program.run({x.get(), y.get(), b.get()}, {out.get()}); };
  emulated::takeCalls();
  run();
  std::vector<std::string> first = emulated::takeCalls();
  EXPECT_EQ(count(first, "cuMemcpyHtoDAsync_v2"), 1);
  std::vector<float> before = out.read();
  run();
  std::vector<std::string> second = emulated::takeCalls();
  EXPECT_EQ(out.read(), before);
  const std::set<std::string> allowed = {"cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2",
                                         "cuStreamIsCapturing", "cuStreamGetId",
                                         "cuLaunchKernel",      "cuPointerGetAttributes"};
  for (const std::string &call : second)
    EXPECT_TRUE(allowed.count(call)) << call;
  EXPECT_GE(count(second, "cuLaunchKernel"), 1);
}

TEST(Steady, everyShapeHasItsTables) {
  Program program = compile(gaussFormula, gaussAliases);
  // The same arrays, first as a batch of b, then with the same b for all items.
  DeviceArray<> x({2, 3, 3}, makeNumbers(18, 1)), y({4, 3}, makeNumbers(12, 2)),
      b({2, 4, 1}, makeNumbers(8, 3)), out({2, 3, 1});
  for (int64_t stride : {16, 0, 16}) {
    program.run({x.get(), y.get(), b.get({stride, 4, 4})}, {out.get()});
    for (int64_t item = 0; item < 2; ++item) {
      std::vector<float> all = b.read();
      std::vector<float> own(all.begin() + item * stride / 4, all.begin() + item * stride / 4 + 4);
      for (int64_t i = 0; i < 3; ++i)
        EXPECT_NEAR(out.read()[size_t(3 * item + i)],
                    gauss(x.getData() + 9 * item + 3 * i, y.read(), own, 0, 4), 1e-5);
    }
  }
}

TEST(Steady, tablesAreBounded) {
  Program program = compile(gaussFormula, gaussAliases);
  auto run = [&](int64_t m) {
    GaussCase arrays(m, 2);
    arrays.run(program);
    arrays.check();
  };
  for (int64_t m = 1; m <= 300; ++m)
    run(m);
  size_t bytes = emulated::getAllocatedBytes(0);
  for (int64_t m = 301; m <= 400; ++m)
    run(m);
  EXPECT_EQ(emulated::getAllocatedBytes(0), bytes);
}

TEST(Steady, gridsFitTheDeviceAndTheWork) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase small(10, 10), large(5000, 100);
  emulated::takeGrids();
  small.run(program);
  for (int64_t grid : emulated::takeGrids())
    EXPECT_EQ(grid, 1);
  large.run(program);
  std::vector<int64_t> grids = emulated::takeGrids();
  // Two multiprocessors, of one block or two of a kernel; one run of the tests allows fewer.
  const char *allowed = std::getenv("KEOPS_GPU_BLOCKS");
  EXPECT_EQ(*std::max_element(grids.begin(), grids.end()), allowed ? std::atoi(allowed) : 4);
  EXPECT_EQ(*std::min_element(grids.begin(), grids.end()), 2);
}

TEST(Steady, callersContextComesBack) {
  emulated::setDeviceCount(2);
  CUcontext other = nullptr, popped = nullptr;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&other, 1), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxPushCurrent_v2(other), CUDA_SUCCESS);
  Program program = compile(gaussFormula, gaussAliases, 0);
  GaussCase arrays(5, 5);
  arrays.run(program);
  EXPECT_EQ(emulated::getCurrentDevice(), 1);
  GaussCase wrong(5, 5, 1);
  getMessage([&] { wrong.run(program); });
  EXPECT_EQ(emulated::getCurrentDevice(), 1);
  ASSERT_EQ(cuCtxPopCurrent_v2(&popped), CUDA_SUCCESS);
  EXPECT_EQ(emulated::getCurrentDevice(), -1);
}

TEST(Steady, streamsHaveMemoryOfTheirOwn) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(100, 100);
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  size_t bytes = emulated::getAllocatedBytes(0);
  std::set<size_t> steps;
  for (int k = 0; k < 2; ++k) {
    options.stream = emulated::createStream(0);
    for (int times = 0; times < 2; ++times) {
      arrays.run(program, options);
      arrays.check();
      steps.insert(emulated::getAllocatedBytes(0));
    }
  }
  EXPECT_GE(*steps.begin(), bytes);
  EXPECT_EQ(steps.size(), 2u) << "one amount after each stream's first run";
}

TEST(Steady, memoryMayBeTheCallers) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(300, 300);
  arrays.run(program); // with tables
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.stream = emulated::createStream(0);
  std::vector<void *> given;
  options.allocate = [](int64_t bytes, void *data) {
    auto *given = static_cast<std::vector<void *> *>(data);
    given->push_back(emulated::allocate(0, size_t(bytes)));
    return given->back();
  };
  options.allocate_data = &given;
  emulated::takeCalls();
  arrays.run(program, options);
  arrays.check();
  EXPECT_EQ(count(emulated::takeCalls(), "cuMemAlloc_v2"), 0);
  EXPECT_EQ(given.size(), 1u);
  for (void *memory : given)
    emulated::release(memory);
}

TEST(Steady, clearingTheCacheGivesMemoryBack) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(300, 300);
  arrays.run(program);
  size_t before = emulated::getAllocatedBytes(0);
  ASSERT_EQ(keopsCacheClear(KEOPS_CACHE_MEMORY), KEOPS_OK);
  EXPECT_LT(emulated::getAllocatedBytes(0), before);
  arrays.run(program);
  arrays.check();
}

TEST(Steady, threadsShareAProgramAndAStream) {
  Program program = compile(gaussFormula, gaussAliases);
  auto work = [&](int64_t m) {
    for (int times = 0; times < 20; ++times) {
      GaussCase arrays(m + times, 150);
      arrays.run(program);
      arrays.check();
    }
  };
  std::thread first(work, 100), second(work, 500);
  first.join();
  second.join();
}

TEST(Steady, devicesShareOneCompilation) {
  emulated::setDeviceCount(2);
  std::string formula = "Sum_Reduction(Exp(-SqDist(x,y))*b*IntCst(1),0)";
  Program first = compile(formula, gaussAliases, 0), second = compile(formula, gaussAliases, 1);
  EXPECT_EQ(second.getCompileInfo().source, KEOPS_FROM_MEMORY);
  GaussCase here(50, 60, 0), there(70, 80, 1);
  here.run(first);
  there.run(second);
  here.check();
  there.check();
  EXPECT_EQ(getMessage([&] { here.run(second); }),
            "keopsProgramRun: argument 1 (x): expected memory of device 1, got memory of device 0");
}

TEST(Steady, graphsRepeatRuns) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(300, 100), other(2000, 3000);
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  CUstream stream = emulated::createStream(0);
  options.stream = stream;
  arrays.run(program, options);
  for (bool isWarm : {true, false}) {
    // Without a run before it even tables are new: those of a capture outlive everything.
    GaussCase fresh(isWarm ? 300 : 301, 100);
    emulated::beginCapture(stream);
    fresh.run(program, options);
    int32_t graph = emulated::endCapture(stream);
    ASSERT_GE(graph, 0);
    for (int64_t m = 1; m < 300; ++m)
      GaussCase(m, 1).run(program, options);
    other.run(program, options);
    ASSERT_EQ(keopsCacheClear(KEOPS_CACHE_MEMORY), KEOPS_OK);
    ASSERT_EQ(emulated::replay(graph), CUDA_SUCCESS);
    fresh.check();
  }
}
