// Arrays of the host that are copied to a device for a run: any strides, results back, one message
// where they are not on the host or the device has no room.
#include "TestSupport.h"

#include <algorithm>

using namespace keops;
using namespace keops::test;

static keopsRunOptions onHost() {
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.arrays_on_host = 1;
  return options;
}

TEST(Host, arraysAreCopiedThereAndBack) {
  Program program = compile(gaussFormula, gaussAliases);
  for (int64_t m : {0, 1, 129})
    for (int64_t n : {0, 1, 5000}) {
      GaussCase arrays(m, n);
      std::vector<float> out(static_cast<size_t>(m), NAN);
      program.run({Tensor(arrays.xs.data(), {m, 3}), Tensor(arrays.ys.data(), {n, 3}),
                   Tensor(arrays.bs.data(), {n, 1})},
                  {Tensor(out.data(), {m, 1})}, onHost());
      for (int64_t i = 0; i < m; ++i)
        ASSERT_NEAR(out[size_t(i)], gauss(&arrays.xs[size_t(3 * i)], arrays.ys, arrays.bs, 0, n),
                    1e-6 * double(n) + 1e-6);
    }
}

TEST(Host, stridesMayBeAnything) {
  Program program = compile("Sum_Reduction(x*y,0)", {"x=Vi(1)", "y=Vj(1)"});
  // Floats at odd addresses, in reverse order, and results with gaps.
  float numbers[] = {1, 2, 3}, two = 2;
  std::vector<char> odd(20);
  for (size_t k = 0; k < 3; ++k)
    std::memcpy(&odd[1 + 6 * k], &numbers[k], sizeof(float));
  std::vector<float> out(6, -1);
  program.run({Tensor(reinterpret_cast<const float *>(&odd[13]), {3, 1}, {-6, 4}),
               Tensor(&two, {4, 1}, {0, 4})},
              {Tensor(out.data(), {3, 1}, {8, 4})}, onHost());
  EXPECT_EQ(out, (std::vector<float>{24, -1, 16, -1, 8, -1}));
}

TEST(Host, nothingIsKept) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  arrays.run(program);
  size_t before = emulated::getAllocatedBytes(0);
  float out[5];
  program.run({Tensor(arrays.xs.data(), {5, 3}), Tensor(arrays.ys.data(), {7, 3}),
               Tensor(arrays.bs.data(), {7, 1})},
              {Tensor(out, {5, 1})}, onHost());
  EXPECT_EQ(emulated::getAllocatedBytes(0), before);
}

TEST(Host, mistakesAreNamed) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  float out[5];
  auto run = [&](const Tensor &x, const Tensor &result) {
    program.run({x, Tensor(arrays.ys.data(), {7, 3}), Tensor(arrays.bs.data(), {7, 1})}, {result},
                onHost());
  };
  Tensor x(arrays.xs.data(), {5, 3}), result(out, {5, 1});
  EXPECT_EQ(getMessage([&] { run(arrays.x.get(), result); }),
            "keopsProgramRun: argument 1 (x): expected memory of the host, got memory of device 0");
  EXPECT_EQ(getMessage([&] { run(x, arrays.out.get()); }),
            "keopsProgramRun: output 1 (sum): expected memory of the host, got memory of device 0");
  emulated::setFreeBytes(0, 100);
  std::string message = getMessage([&] { run(x, result); }, KEOPS_NO_MEMORY);
  emulated::setFreeBytes(0, size_t(1) << 30);
  EXPECT_NE(message.find(" bytes of copies of the arrays, and 100 of "), std::string::npos)
      << message;
  for (const char *function : {"cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2"}) {
    emulated::fail(function, CUDA_ERROR_INVALID_VALUE);
    message = getMessage([&] { run(x, result); }, KEOPS_DEVICE_FAILED);
    EXPECT_NE(message.find("the CUDA driver refused a call: cuMemcpy"), std::string::npos)
        << message;
  }
  run(x, result);
  EXPECT_NEAR(out[0], gauss(arrays.xs.data(), arrays.ys, arrays.bs, 0, 7), 1e-5);
}

TEST(Host, aRunMayBeWaitedFor) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  arrays.run(program);
  for (bool waits : {false, true}) {
    keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
    options.wait = waits;
    emulated::takeCalls();
    arrays.run(program, options);
    std::vector<std::string> calls = emulated::takeCalls();
    EXPECT_EQ(std::count(calls.begin(), calls.end(), "cuStreamSynchronize"), waits);
  }
}
