// The C interface and the C++ header over it, on the fake compiler library of test/Unit/Runtime.
// Links libkeops.so alone.
#include "keops/keops.hpp"

#include "gtest/gtest.h"

#include <chrono>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace {

const std::vector<std::string> aliases = {"x=Vi(1)", "y=Vj(1)", "b=Vj(1)"};
const char *const formula = "Sum_Reduction(Exp(-SqDist(x,y))*b,0)";

template <typename Body>
std::string getMessage(Body body, keopsStatus expected = KEOPS_INVALID) {
  try {
    body();
  } catch (const keops::Error &error) {
    EXPECT_EQ(error.getStatus(), expected);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

keopsProgramOptions makeOptions(const char *const *pointers) {
  keopsProgramOptions options = KEOPS_PROGRAM_OPTIONS_INIT;
  options.formula = formula;
  options.aliases = pointers;
  options.alias_count = 3;
  return options;
}

} // namespace

TEST(Interface, computes) {
  keops::Program program(formula, aliases);
  std::vector<float> x = {0, 1}, y = {0, 2}, b = {1, 3}, result(2);
  program.run({{x.data(), {2, 1}}, {y.data(), {2, 1}}, {b.data(), {2, 1}}},
              {{result.data(), {2, 1}}});
  for (int i = 0; i < 2; ++i)
    EXPECT_NEAR(result[i], std::exp(-x[i] * x[i]) + 3 * std::exp(-(x[i] - 2) * (x[i] - 2)), 1e-6);
}

TEST(Interface, describesPrograms) {
  keops::Program program(formula, aliases);
  EXPECT_EQ(program.getOutputShape(0, 7, 5), (std::vector<int64_t>{7, 1}));
  EXPECT_EQ(keopsProgramGetInputCount(program.get()), 3);
  keopsInputInfo input;
  ASSERT_EQ(keopsProgramGetInput(program.get(), 1, &input), KEOPS_OK);
  EXPECT_EQ(input.category, KEOPS_VJ);
  EXPECT_STREQ(input.name, "y");
  keopsOutputInfo output;
  ASSERT_EQ(keopsProgramGetOutput(program.get(), 0, &output), KEOPS_OK);
  EXPECT_EQ(output.category, KEOPS_VI);
  EXPECT_STREQ(output.name, "Sum");
  EXPECT_EQ(output.dimension_count, 1);
  EXPECT_EQ(output.dimensions[0], 1);
  EXPECT_EQ(std::string(keopsProgramGetManifest(program.get())).substr(0, 15), "keops-program 3");
  EXPECT_EQ(keopsProgramGetInput(program.get(), 3, &input), KEOPS_INVALID);
  EXPECT_STREQ(keopsGetLastError(), "keopsProgramGetInput: argument 'index': expected 0 to 2 "
                                    "(inputs of this program), got 3");
}

TEST(Interface, namesAreThoseOfTheCallerAlsoForSharedPrograms) {
  keops::Program first(formula, aliases);
  keops::Program second("Sum_Reduction(Exp(-SqDist(p,q))*w,0)", {"p=Vi(1)", "q=Vj(1)", "w=Vj(1)"});
  EXPECT_EQ(second.getCompileInfo().source, KEOPS_FROM_MEMORY);
  std::vector<float> data(4);
  EXPECT_EQ(getMessage([&] {
              second.run({{data.data(), {4, 1}}, {data.data(), {2, 2}}, {data.data(), {4, 1}}}, {});
            }),
            "keopsProgramRun: argument 2 (q): expected shape (N, 1), got (2, 2)");
}

TEST(Interface, errorsNameFunctionAndReason) {
  EXPECT_EQ(getMessage([] { keops::Program("bad", {}); }),
            "keopsProgramCreate: unknown name 'bad'\n  bad\n  ^");
  EXPECT_NE(
      getMessage([] { keops::Program("fault", {}); }, KEOPS_INTERNAL).find("please report it"),
      std::string::npos);
  EXPECT_EQ(getMessage([] { keops::Program(std::string(100000, '('), {}); }),
            "keopsProgramCreate: the formula has 100000 characters; at most 65536 are accepted");
  EXPECT_EQ(getMessage([] { keops::Program::dump(formula, aliases, "soup"); }),
            "keopsDumpIR: unknown stage 'soup'");
}

TEST(Interface, sumsAreOptions) {
  keops::Options options;
  options.sumScheme = KEOPS_SUM_KAHAN;
  options.dtype = KEOPS_F64;
  options.accumulator = KEOPS_ACCUMULATOR_F32;
  EXPECT_EQ(getMessage([&] { keops::Program(formula, aliases, options); }),
            "keopsProgramCreate: dtype_acc: terms of type f64 need an accumulator of type f64, got "
            "f32");
  options.accumulator = KEOPS_ACCUMULATOR_F64;
  keops::Program program(formula, aliases, options);
}

TEST(Interface, shortTypesAreTypesOfProgramsAndArrays) {
  for (keopsDType dtype : {KEOPS_F16, KEOPS_BF16}) {
    keops::Options options;
    options.dtype = dtype;
    keops::Program program(formula, aliases, options);
    keopsInputInfo input;
    keopsOutputInfo output;
    ASSERT_EQ(keopsProgramGetInput(program.get(), 0, &input), KEOPS_OK);
    ASSERT_EQ(keopsProgramGetOutput(program.get(), 0, &output), KEOPS_OK);
    EXPECT_EQ(input.dtype, dtype);
    EXPECT_EQ(output.dtype, dtype);
    std::vector<float> x(2);
    std::string name = dtype == KEOPS_F16 ? "float16" : "bfloat16";
    EXPECT_EQ(getMessage([&] {
                program.run({{x.data(), {2, 1}}, {x.data(), {2, 1}}, {x.data(), {2, 1}}}, {});
              }),
              "keopsProgramRun: argument 1 (x): expected dtype " + name + ", got float32");
  }
}

TEST(Interface, tensorsSayTheirTypes) {
  float single[2] = {1, 2};
  std::complex<float> one(3, 4);
  std::complex<double> twice(5, 6);
  uint16_t bits[2] = {7, 8};
  EXPECT_EQ(keops::Tensor(single, {2}).get().dtype, KEOPS_F32);
  EXPECT_EQ(keops::Tensor(&one, {1}).get().dtype, KEOPS_C64);
  EXPECT_EQ(keops::Tensor(&twice, {1}).get().dtype, KEOPS_C128);
  keops::Tensor half(bits, KEOPS_F16, {2}, {2});
  EXPECT_EQ(half.get().dtype, KEOPS_F16);
  EXPECT_EQ(half.get().data, bits);
  EXPECT_EQ(half.get().strides[0], 2);
}

TEST(Interface, complexArraysStandForTheirParts) {
  keops::Program program = keops::Program::fromEntry(
      "keops-program 3\nsymbol f\ninput i 2 f64 z\noutput i f64 Sum 2\n",
      [](const keops_args *args) {
        const keops_array &z = args->inputs[0], &out = args->outputs[0];
        for (int64_t i = 0; i < args->size_i; ++i)
          for (int64_t k = 0; k < 2; ++k)
            static_cast<double *>(out.data)[i * out.row_stride + k] =
                2 * static_cast<const double *>(z.data)[i * z.row_stride + k * z.component_stride];
        return int32_t(KEOPS_STEP_OK);
      });
  std::vector<std::complex<double>> z = {{1, 2}, {3, 4}}, result(2);
  program.run({{z.data(), {2, 1}}}, {{result.data(), {2, 1}}});
  EXPECT_EQ(result, (std::vector<std::complex<double>>{{2, 4}, {6, 8}}));
  std::vector<std::complex<float>> wrong(2);
  EXPECT_EQ(getMessage([&] { program.run({{wrong.data(), {2, 1}}}, {}); }),
            "keopsProgramRun: argument 1 (z): expected dtype float64 or, where the dimension is "
            "even, complex128, got complex64 for dimension 2");
}

TEST(Interface, batchesAreInferred) {
  keops::Program program(formula, aliases);
  std::vector<float> data(24);
  std::vector<int64_t> x = {4, 1, 2, 1}, y = {3, 2, 1}, b = {2, 1};
  keopsTensor inputs[3] = {{data.data(), KEOPS_F32, 4, x.data(), nullptr},
                           {data.data(), KEOPS_F32, 3, y.data(), nullptr},
                           {data.data(), KEOPS_F32, 2, b.data(), nullptr}};
  int64_t sizeI = 0, sizeJ = 0, shape[2] = {0, -1};
  int32_t rank = 0;
  ASSERT_EQ(
      keopsProgramInferBatch(program.get(), inputs, 3, nullptr, &sizeI, &sizeJ, shape, 1, &rank),
      KEOPS_OK);
  EXPECT_EQ(rank, 2);
  EXPECT_EQ(std::vector<int64_t>(shape, shape + 2), (std::vector<int64_t>{4, -1}));
  EXPECT_EQ(std::make_pair(sizeI, sizeJ), std::make_pair(int64_t(2), int64_t(2)));
  inputs[0].rank = 2, x = {2, 1};
  inputs[1].rank = 2, y = {2, 1};
  ASSERT_EQ(
      keopsProgramInferBatch(program.get(), inputs, 3, nullptr, &sizeI, &sizeJ, nullptr, 0, &rank),
      KEOPS_OK);
  EXPECT_EQ(rank, 0);
}

TEST(Interface, rangesAreChecked) {
  keops::Program program(formula, aliases);
  std::vector<float> data(3), result(3);
  std::vector<int64_t> numbers = {0, 3, 1, 0, 3}, pair = {1, 2}, one = {1};
  keopsTensor ranges[6];
  for (int k = 0; k < 6; ++k)
    ranges[k] = k % 3 == 1 ? keopsTensor{&numbers[2], KEOPS_I64, 1, one.data(), nullptr}
                           : keopsTensor{&numbers[0], KEOPS_I64, 2, pair.data(), nullptr};
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.ranges = ranges;
  auto run = [&] {
    program.run({{data.data(), {3, 1}}, {data.data(), {3, 1}}, {data.data(), {3, 1}}},
                {{result.data(), {3, 1}}}, options);
  };
  run();
  ranges[4].dtype = KEOPS_F64;
  EXPECT_EQ(getMessage(run),
            "keopsProgramRun: ranges[4] (slices_j): expected dtype int64, got float64");
  ranges[4].dtype = keopsDType(99);
  EXPECT_EQ(getMessage(run), "keopsProgramRun: ranges[4]: unknown dtype 99");
}

TEST(Interface, callersMayPutTheirOwnNameIntoMessages) {
  const char *pointers[] = {"x=Vi(1)", "y=Vj(1)", "b=Vj(1)"};
  keopsProgramOptions options = makeOptions(pointers);
  options.formula = "bad";
  options.caller = "Genred";
  keopsProgram program;
  EXPECT_EQ(keopsProgramCreate(&options, &program), KEOPS_INVALID);
  EXPECT_EQ(program, nullptr);
  EXPECT_EQ(std::string(keopsGetLastError()).substr(0, 20), "Genred: unknown name");
}

TEST(Interface, nullAndNonsenseAreErrors) {
  const char *pointers[] = {"x=Vi(1)", nullptr, "b=Vj(1)"};
  keopsProgramOptions options = makeOptions(pointers);
  keopsProgram program = nullptr;
  EXPECT_EQ(keopsProgramCreate(nullptr, &program), KEOPS_INVALID);
  EXPECT_EQ(keopsProgramCreate(&options, nullptr), KEOPS_INVALID);
  EXPECT_EQ(keopsProgramCreate(&options, &program), KEOPS_INVALID) << "one alias is NULL";
  options.aliases = nullptr;
  EXPECT_EQ(keopsProgramCreate(&options, &program), KEOPS_INVALID);
  options.alias_count = -1;
  EXPECT_EQ(keopsProgramCreate(&options, &program), KEOPS_INVALID);
  options.alias_count = 0;
  for (int dtype : {int(KEOPS_I64), int(KEOPS_C64), int(KEOPS_C128), -1, 7}) {
    options.dtype = keopsDType(dtype);
    EXPECT_EQ(keopsProgramCreate(&options, &program), KEOPS_INVALID);
    EXPECT_EQ(keopsGetLastError(),
              "keopsProgramCreate: argument 'options': expected dtype KEOPS_F32, KEOPS_F64, "
              "KEOPS_F16 or KEOPS_BF16, got " +
                  std::to_string(dtype));
  }
  options.dtype = KEOPS_F32;
  options.sum_scheme = keopsSumScheme(4);
  EXPECT_EQ(keopsProgramCreate(&options, &program), KEOPS_INVALID);
  EXPECT_STREQ(keopsGetLastError(), "keopsProgramCreate: argument 'options': unknown sum_scheme 4");
  options.sum_scheme = KEOPS_SUM_AUTO;
  options.accumulator = keopsAccumulator(-1);
  EXPECT_EQ(keopsProgramCreate(&options, &program), KEOPS_INVALID);
  options.size = 0;
  EXPECT_EQ(keopsProgramCreate(&options, &program), KEOPS_INVALID);
  EXPECT_EQ(keopsProgramRun(nullptr, nullptr, 0, nullptr, 0, nullptr), KEOPS_INVALID);
  EXPECT_EQ(keopsProgramGetInputCount(nullptr), 0);
  EXPECT_EQ(keopsProgramCreateFromEntry(nullptr, nullptr, &program), KEOPS_INVALID);
  EXPECT_EQ(keopsCacheGetInfo(nullptr), KEOPS_INVALID);
  EXPECT_EQ(keopsSetNumThreads(-3), KEOPS_INVALID);
  keopsProgramDestroy(nullptr);
  keopsCancelDestroy(nullptr);
  keopsCancelRequest(nullptr);
}

TEST(Interface, tensorsWithNonsenseAreErrors) {
  keops::Program program(formula, aliases);
  int64_t shape[2] = {2, 1};
  float data[2] = {0, 0};
  keopsTensor good = {data, KEOPS_F32, 2, shape, nullptr};
  auto run = [&](keopsTensor first) {
    keopsTensor inputs[3] = {first, good, good};
    return keopsProgramRun(program.get(), inputs, 3, &good, 1, nullptr);
  };
  for (int32_t rank : {-1, 33, 1000000}) {
    keopsTensor bad = good;
    bad.rank = rank;
    EXPECT_EQ(run(bad), KEOPS_INVALID) << rank;
  }
  keopsTensor noShape = good, noData = good, noDType = good;
  noShape.shape = nullptr;
  noData.data = nullptr;
  noDType.dtype = static_cast<keopsDType>(77);
  EXPECT_EQ(run(noShape), KEOPS_INVALID);
  EXPECT_EQ(run(noData), KEOPS_INVALID);
  EXPECT_EQ(run(noDType), KEOPS_INVALID);
  EXPECT_EQ(keopsProgramRun(program.get(), nullptr, 3, &good, 1, nullptr), KEOPS_INVALID);
  EXPECT_EQ(keopsProgramRun(program.get(), &good, -1, &good, 1, nullptr), KEOPS_INVALID);
  EXPECT_EQ(keopsProgramRun(program.get(), &good, 100000, &good, 1, nullptr), KEOPS_INVALID);
}

TEST(Interface, aFlagEndsARun) {
  keops::Program program("Wait", {});
  keops::CancelFlag flag;
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.cancel = flag.get();
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    flag.request();
  });
  float result;
  EXPECT_EQ(getMessage([&] { program.run({}, {{&result, {1, 1}}}, options); }, KEOPS_CANCELLED),
            "keopsProgramRun: the run was cancelled");
  canceller.join();
}

TEST(Interface, aPollEndsARun) {
  keops::Program program("Wait", {});
  int calls = 0;
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  options.poll = [](void *data) -> int32_t { return ++*static_cast<int *>(data) == 3; };
  options.poll_data = &calls;
  float result;
  getMessage([&] { program.run({}, {{&result, {1, 1}}}, options); }, KEOPS_CANCELLED);
  EXPECT_EQ(calls, 3);
}

/// What a caller's version did not have keeps its default, whatever stands in its place.
TEST(Interface, olderCallersGoOnWorking) {
  const char *pointers[] = {"x=Vi(1)", "y=Vj(1)", "b=Vj(1)"};
  keopsProgramOptions options = makeOptions(pointers);
  options.size = offsetof(keopsProgramOptions, device_type);
  options.device_type = keopsDeviceType(77);
  options.device_id = 77;
  keopsProgram program = nullptr;
  ASSERT_EQ(keopsProgramCreate(&options, &program), KEOPS_OK) << keopsGetLastError();
  float one = 1, result = 0;
  keopsTensor inputs[3], output = keops::Tensor(&result, {1, 1}).get();
  int64_t shape[] = {1, 1};
  for (keopsTensor &input : inputs)
    input = {&one, KEOPS_F32, 2, shape, nullptr};
  output.shape = shape;
  keopsRunOptions run = KEOPS_RUN_OPTIONS_INIT;
  run.size = offsetof(keopsRunOptions, stream);
  run.allocate = [](int64_t, void *) -> void * { abort(); };
  EXPECT_EQ(keopsProgramRun(program, inputs, 3, &output, 1, &run), KEOPS_OK);
  EXPECT_EQ(result, 1);
  keopsProgramDestroy(program);
}

TEST(Interface, theProcessorIsADevice) {
  int32_t count = 0;
  ASSERT_EQ(keopsDeviceGetCount(KEOPS_CPU, &count), KEOPS_OK);
  EXPECT_EQ(count, 1);
  keopsDeviceInfo info = KEOPS_DEVICE_INFO_INIT;
  ASSERT_EQ(keopsDeviceGetInfo(KEOPS_CPU, 0, &info), KEOPS_OK);
  EXPECT_STREQ(info.name, "CPU");
  EXPECT_EQ(keopsDeviceGetInfo(KEOPS_CPU, 1, &info), KEOPS_INVALID);
  int32_t id = 0;
  ASSERT_EQ(keopsDeviceFindMemory(KEOPS_CPU, &count, &id), KEOPS_OK);
  EXPECT_EQ(id, -1);
  EXPECT_EQ(keopsDeviceFindMemory(KEOPS_CPU, &count, nullptr), KEOPS_INVALID);
  EXPECT_EQ(keopsDeviceWait(KEOPS_CPU, 0, nullptr), KEOPS_OK);
  EXPECT_EQ(keopsDeviceGetCount(keopsDeviceType(3), &count), KEOPS_INVALID);
  EXPECT_STREQ(keopsGetLastError(), "keopsDeviceGetCount: argument 'type': expected KEOPS_CPU or "
                                    "KEOPS_CUDA, got 3");
}

TEST(Interface, dumpsStages) {
  EXPECT_EQ(keops::Program::dump(formula, aliases, "keops"),
            std::string("keops.map_reduce @keops_program ") + formula + "\n");
}

TEST(Interface, countsTheCache) {
  ASSERT_EQ(keopsCacheClear(KEOPS_CACHE_ALL), KEOPS_OK);
  keopsCacheInfo before, after;
  ASSERT_EQ(keopsCacheGetInfo(&before), KEOPS_OK);
  EXPECT_EQ(before.disk_entries, 0);
  keops::Program program(formula, aliases);
  ASSERT_EQ(keopsCacheGetInfo(&after), KEOPS_OK);
  EXPECT_EQ(after.compilations, before.compilations + 1);
  EXPECT_EQ(after.disk_entries, 1);
  EXPECT_STREQ(after.folder, std::getenv("KEOPS_CACHE_DIR"));
}

TEST(Interface, theCacheMovesToAnotherFolder) {
  keopsCacheInfo info;
  ASSERT_EQ(keopsCacheGetInfo(&info), KEOPS_OK);
  std::string first = info.folder, other = first + "/other";
  for (const char *folder :
       {other.c_str(), "", first.c_str(), static_cast<const char *>(nullptr)}) {
    ASSERT_EQ(keopsCacheSetFolder(folder), KEOPS_OK);
    ASSERT_EQ(keopsCacheClear(KEOPS_CACHE_ALL), KEOPS_OK);
    keops::Program program(formula, aliases);
    EXPECT_EQ(program.getCompileInfo().source, KEOPS_COMPILED);
    ASSERT_EQ(keopsCacheGetInfo(&info), KEOPS_OK);
    EXPECT_EQ(std::string(info.folder), folder ? folder : first);
    EXPECT_EQ(info.disk_entries, *info.folder ? 1 : 0);
  }
  ASSERT_EQ(keopsCacheSetFolder(other.c_str()), KEOPS_OK);
  ASSERT_EQ(keopsCacheClear(KEOPS_CACHE_MEMORY), KEOPS_OK);
  EXPECT_EQ(keops::Program(formula, aliases).getCompileInfo().source, KEOPS_FROM_DISK);
  ASSERT_EQ(keopsCacheClear(KEOPS_CACHE_DISK), KEOPS_OK);
  EXPECT_EQ(::rmdir(other.c_str()), 0);
  ASSERT_EQ(keopsCacheSetFolder(nullptr), KEOPS_OK);
}

TEST(Interface, errorsBelongToTheirThread) {
  EXPECT_EQ(keopsSetNumThreads(-3), KEOPS_INVALID);
  std::thread([] { EXPECT_STREQ(keopsGetLastError(), ""); }).join();
  EXPECT_STREQ(keopsGetLastError(), "keopsSetNumThreads: the number of threads must be from 0 "
                                    "(default) to 4096, got -3");
}

int main(int argc, char **argv) {
  char folder[] = "/tmp/keops-test-XXXXXX";
  ::setenv("KEOPS_COMPILER_LIBRARY", KEOPS_FAKE_COMPILER, 1);
  ::setenv("KEOPS_CACHE_DIR", ::mkdtemp(folder), 1);
  ::testing::InitGoogleTest(&argc, argv);
  int status = RUN_ALL_TESTS();
  keopsCacheClear(KEOPS_CACHE_DISK);
  ::rmdir(folder);
  return status;
}
