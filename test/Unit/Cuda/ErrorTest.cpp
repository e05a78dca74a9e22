// Each mistake and each failure of a device gives one message, and the next run works.
#include "TestSupport.h"

#include <sys/wait.h>
#include <unistd.h>

using namespace keops;
using namespace keops::test;

static std::string runAndFail(const Program &program, const std::vector<Tensor> &inputs,
                              const Tensor &output, keopsStatus status = KEOPS_INVALID,
                              keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT) {
  return getMessage([&] { program.run(inputs, {output}, options); }, status);
}

static bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

TEST(Errors, memoryOfTheHostIsNotTheDevices) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  Tensor host(arrays.ys.data(), {7, 3});
  EXPECT_EQ(runAndFail(program, {arrays.x.get(), host, arrays.b.get()}, arrays.out.get()),
            "keopsProgramRun: argument 2 (y): expected memory of device 0, got memory of the host");
  std::vector<float> result(5);
  EXPECT_EQ(runAndFail(program, arrays.inputs(), Tensor(result.data(), {5, 1})),
            "keopsProgramRun: output 1 (sum): expected memory of device 0, got memory of the host");
  arrays.run(program);
  arrays.check();
}

TEST(Errors, arraysAreOnOneDevice) {
  emulated::setDeviceCount(2);
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7), others(5, 7, 1);
  EXPECT_EQ(runAndFail(program, {arrays.x.get(), others.y.get(), arrays.b.get()}, arrays.out.get()),
            "keopsProgramRun: argument 2 (y): expected memory of device 0, got memory of device 1");
  EXPECT_EQ(runAndFail(program, arrays.inputs(), others.out.get()),
            "keopsProgramRun: output 1 (sum): expected memory of device 0, got memory of device 1");
  arrays.run(program);
  arrays.check();
}

TEST(Errors, rangesAreOnTheHost) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  Ranges all = Ranges::overJ({{0, 5}}, {1}, {{0, 7}});
  std::vector<Tensor> tensors = all.get();
  std::vector<keopsTensor> ranges;
  ranges.reserve(tensors.size());
  for (const Tensor &tensor : tensors)
    ranges.push_back(tensor.get());
  DeviceArray<int64_t> slices({1}, std::vector<int64_t>{1});
  ranges[1].data = slices.getData();
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.ranges = ranges.data();
  EXPECT_EQ(runAndFail(program, arrays.inputs(), arrays.out.get(), KEOPS_INVALID, options),
            "keopsProgramRun: ranges[1]: expected memory of the host, got memory of device 0");
}

TEST(Errors, arraysAreReadInPlace) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  Tensor odd(reinterpret_cast<float *>(reinterpret_cast<char *>(arrays.x.getData()) + 2), {4, 3},
             {12, 4});
  EXPECT_EQ(runAndFail(program, {odd, arrays.y.get(), arrays.b.get()}, arrays.out.get({4, 4})),
            "keopsProgramRun: output 1 (sum): expected shape (4, 1), got (5, 1)");
  EXPECT_EQ(runAndFail(program, {arrays.x.get({10, 4}), arrays.y.get(), arrays.b.get()},
                       arrays.out.get()),
            "keopsProgramRun: argument 1 (x): expected address and strides of whole elements on a "
            "device, got strides (10, 4) in bytes; pass a contiguous array");
  DeviceArray<> wide({5, 2});
  EXPECT_EQ(runAndFail(program, arrays.inputs(), Tensor(wide.getData(), {5, 1}, {8, 4})),
            "keopsProgramRun: output 1 (sum): expected a row-major array of whole elements on a "
            "device, got strides (8, 4) in bytes; pass a contiguous array");
}

TEST(Errors, checksAreThoseOfEveryMachine) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  EXPECT_EQ(runAndFail(program, {arrays.x.get(), arrays.x.get(), arrays.b.get()}, arrays.out.get()),
            "keopsProgramRun: argument 3 (b): expected N = 5 rows like argument 2 (y), got 7");
  EXPECT_EQ(runAndFail(program, arrays.inputs(), Tensor(arrays.x.getData(), {5, 1})),
            "keopsProgramRun: output 1 (sum): expected memory of its own, but it overlaps argument "
            "1 (x)");
}

TEST(Errors, pairsAreCounted) {
  Program program = compile("Sum_Reduction(x*y,0)", {"x=Vi(1)", "y=Vj(1)"});
  DeviceArray<> x({1, 1}), y({1, 1}), out({1, 1});
  int64_t m = int64_t(1) << 32, n = int64_t(1) << 31;
  EXPECT_EQ(runAndFail(program,
                       {Tensor(x.getData(), {m, 1}, {0, 4}), Tensor(y.getData(), {n, 1}, {0, 4})},
                       Tensor(out.getData(), {m, 1})),
            "keopsProgramRun: expected at most 2^62 pairs, got M = 4294967296 and N = 2147483648");
}

TEST(Errors, devicesHaveNumbers) {
  emulated::setDeviceCount(2);
  int32_t found = 0;
  ASSERT_EQ(keopsDeviceGetCount(KEOPS_CUDA, &found), KEOPS_OK);
  EXPECT_EQ(found, 2);
  for (int32_t number : {-1, 2})
    EXPECT_EQ(getMessage([&] { compile(gaussFormula, gaussAliases, number); }),
              "keopsProgramCreate: expected a device from 0 to 1 (there are 2 CUDA devices), got " +
                  std::to_string(number));
  Options options;
  options.deviceType = keopsDeviceType(7);
  EXPECT_EQ(getMessage([&] { Program(gaussFormula, gaussAliases, options); }),
            "keopsProgramCreate: argument 'options.device_type': expected KEOPS_CPU or KEOPS_CUDA, "
            "got 7");
}

TEST(Errors, kernelsMustFit) {
  const char *formula = "Sum_Reduction(Exp(-SqDist(x,y))*b*b,0)";
  emulated::setRoom(false);
  std::string message = getMessage([&] { compile(formula, gaussAliases); }, KEOPS_DEVICE_FAILED);
  emulated::setRoom(true);
  EXPECT_TRUE(contains(message, "keopsProgramCreate: device 0 (Emulated GPU 0): kernel "))
      << message;
  EXPECT_TRUE(contains(message, " needs more registers or shared memory than a multiprocessor has"))
      << message;
  GaussCase(5, 7).run(compile(formula, gaussAliases));
}

TEST(Errors, devicesAreDescribed) {
  keopsDeviceInfo info = KEOPS_DEVICE_INFO_INIT;
  ASSERT_EQ(keopsDeviceGetInfo(KEOPS_CUDA, 0, &info), KEOPS_OK);
  EXPECT_STREQ(info.name, "Emulated GPU 0");
  EXPECT_EQ(info.capability_major, 9);
  EXPECT_EQ(info.multiprocessors, 2);
  EXPECT_GT(info.memory_bytes, 1 << 20);
  EXPECT_STREQ(info.driver_version, "12.4");
  // A caller that knows less of the structure is given less.
  info = KEOPS_DEVICE_INFO_INIT;
  info.size = offsetof(keopsDeviceInfo, multiprocessors);
  ASSERT_EQ(keopsDeviceGetInfo(KEOPS_CUDA, 0, &info), KEOPS_OK);
  EXPECT_EQ(info.capability_major, 9);
  EXPECT_EQ(info.multiprocessors, 0);
  info.size = 0;
  EXPECT_EQ(keopsDeviceGetInfo(KEOPS_CUDA, 0, &info), KEOPS_INVALID);
}

TEST(Errors, streamsAreOfTheDevice) {
  emulated::setDeviceCount(2);
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.stream = emulated::createStream(1);
  std::string message =
      runAndFail(program, arrays.inputs(), arrays.out.get(), KEOPS_INVALID, options);
  EXPECT_TRUE(contains(message, "stream: expected one of device 0")) << message;
  EXPECT_EQ(keopsDeviceWait(KEOPS_CUDA, 1, options.stream), KEOPS_OK);
  EXPECT_EQ(keopsDeviceWait(KEOPS_CUDA, 0, options.stream), KEOPS_INVALID);
  EXPECT_EQ(keopsDeviceWait(KEOPS_CUDA, 2, nullptr), KEOPS_INVALID);
}

TEST(Errors, streamsAreWaitedFor) {
  emulated::takeCalls();
  ASSERT_EQ(keopsDeviceWait(KEOPS_CUDA, 0, emulated::createStream(0)), KEOPS_OK);
  std::vector<std::string> calls = emulated::takeCalls();
  EXPECT_NE(std::find(calls.begin(), calls.end(), "cuStreamSynchronize"), calls.end());
}

TEST(Errors, addressesSayTheirDevice) {
  emulated::setDeviceCount(2);
  int32_t id = 7;
  for (int32_t device : {0, 1}) {
    DeviceArray<> x({3, 1}, device);
    ASSERT_EQ(keopsDeviceFindMemory(KEOPS_CUDA, x.getData() + 2, &id), KEOPS_OK);
    EXPECT_EQ(id, device);
  }
  ASSERT_EQ(keopsDeviceFindMemory(KEOPS_CUDA, &id, &id), KEOPS_OK);
  EXPECT_EQ(id, -1);
}

TEST(Errors, memoryRunsOut) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7), large(3, 200000);
  ASSERT_EQ(keopsCacheClear(KEOPS_CACHE_MEMORY), KEOPS_OK);
  arrays.run(program);
  emulated::setFreeBytes(0, 1000);
  std::string message = runAndFail(program, large.inputs(), large.out.get(), KEOPS_NO_MEMORY);
  EXPECT_TRUE(contains(message, "not enough memory on the device: this call needs ")) << message;
  EXPECT_TRUE(contains(message, " bytes of temporary memory, and ")) << message;
  emulated::setFreeBytes(0, size_t(1) << 30);
  large.run(program);
  large.check();
}

TEST(Errors, allocatorsMayHaveNothing) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.allocate = [](int64_t, void *) -> void * { return nullptr; };
  std::string message =
      runAndFail(program, arrays.inputs(), arrays.out.get(), KEOPS_NO_MEMORY, options);
  EXPECT_TRUE(contains(message, "which options.allocate did not give")) << message;
  options.allocate = [](int64_t, void *) { return reinterpret_cast<void *>(4); };
  EXPECT_EQ(runAndFail(program, arrays.inputs(), arrays.out.get(), KEOPS_INVALID, options),
            "keopsProgramRun: argument 'options.allocate': expected memory aligned to 64 bytes");
}

TEST(Errors, refusedCallsAreNamed) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  emulated::fail("cuLaunchKernel", CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(runAndFail(program, arrays.inputs(), arrays.out.get(), KEOPS_DEVICE_FAILED),
            "keopsProgramRun: the CUDA driver refused a call: cuLaunchKernel: "
            "CUDA_ERROR_INVALID_VALUE (as the emulated driver says)");
  arrays.run(program);
  arrays.check();
}

TEST(Errors, aLostContextAsksForANewProcess) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  emulated::setSticky(CUDA_ERROR_ILLEGAL_ADDRESS);
  std::string message = runAndFail(program, arrays.inputs(), arrays.out.get(), KEOPS_DEVICE_FAILED);
  emulated::setSticky(CUDA_SUCCESS);
  EXPECT_TRUE(contains(message, "an earlier operation on a device failed, maybe somebody else's: "))
      << message;
  EXPECT_TRUE(contains(message, "CUDA_ERROR_ILLEGAL_ADDRESS")) << message;
  EXPECT_TRUE(contains(message, "start a new process")) << message;
}

TEST(Errors, arraysAreCounted) {
  std::string sum = "x0";
  std::vector<std::string> aliases = {"x0=Vj(0,1)"};
  for (int k = 1; k < 170; ++k) {
    sum += "+x" + std::to_string(k);
    aliases.push_back("x" + std::to_string(k) + "=Vj(" + std::to_string(k) + ",1)");
  }
  EXPECT_EQ(getMessage([&] { compile("Sum_Reduction(" + sum + ",0)", aliases); }),
            "keopsProgramCreate: expected at most 163 arguments and outputs on a device, got 171");
}

TEST(Errors, aCancelledRunDoesNotBegin) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  CancelFlag cancel;
  cancel.request();
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.cancel = cancel.get();
  emulated::takeCalls();
  runAndFail(program, arrays.inputs(), arrays.out.get(), KEOPS_CANCELLED, options);
  for (const std::string &call : emulated::takeCalls())
    EXPECT_NE(call, "cuLaunchKernel");
}

TEST(Errors, forkedProcessesAreTold) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(5, 7);
  arrays.run(program);
  pid_t child = fork();
  if (child == 0) {
    keopsTensor none = {};
    bool isRefused = keopsProgramRun(program.get(), &none, 0, &none, 0, nullptr) == KEOPS_INVALID;
    try {
      arrays.run(program);
    } catch (const Error &error) {
      isRefused &= error.getStatus() == KEOPS_DEVICE_FAILED && contains(error.what(), "forked");
      // Memory and programs of the parent are left alone.
      isRefused &= keopsCacheClear(KEOPS_CACHE_MEMORY) == KEOPS_OK;
      _exit(isRefused ? 0 : 1);
    }
    _exit(2);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Errors, codeIsChecked) {
  keopsProgram program = nullptr;
  EXPECT_EQ(keopsProgramCreateFromKernels("keops-program 3\nsymbol f\noutput i f32 Sum 1\n", "x", 1,
                                          0, &program),
            KEOPS_INVALID);
  EXPECT_EQ(program, nullptr);
  EXPECT_EQ(
      keopsProgramCreateFromKernels(
          "keops-program 3\nsymbol f\noutput i f32 Sum 1\nkernel f_0 128\n", "x", 1, 0, &program),
      KEOPS_DEVICE_FAILED);
  EXPECT_TRUE(contains(keopsGetLastError(), "the driver does not accept the code of this program"))
      << keopsGetLastError();
}
