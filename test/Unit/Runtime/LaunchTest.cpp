// Checks of arrays, copies of those that need one, and runs. The programs are plain functions here.
#include "keops/Runtime/Launch.h"
#include "TestSupport.h"
#include "keops/Runtime/Threads.h"
#include "keops/Runtime/Workspace.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

using namespace keops;
using namespace keops::test;

namespace {

/// out[i] = p * sum over d of x[i, d], plus the sum of all y.
void addUpItem(const keops_args *args, const int64_t *begins) {
  auto at = [&](size_t array, int64_t row, int64_t component) {
    const keops_array &input = args->inputs[array];
    return static_cast<const float *>(
        input.data)[begins[array] + row * input.row_stride + component * input.component_stride];
  };
  for (int64_t i = 0; i < args->size_i; ++i) {
    float sum = 0;
    for (int64_t d = 0; d < 3; ++d)
      sum += at(0, i, d);
    sum *= at(2, 0, 0);
    for (int64_t j = 0; j < args->size_j; ++j)
      sum += at(1, j, 0);
    static_cast<float *>(args->outputs[0].data)[begins[3] + i * args->outputs[0].row_stride] = sum;
  }
}

int32_t addUp(const keops_args *args) {
  for (int64_t item = 0; item < args->items; ++item)
    addUpItem(args, args->item_offsets + 4 * item);
  std::memset(args->workspace, 0xff, size_t(64 + 8 * args->size_i));
  return KEOPS_STEP_OK;
}

const char *const manifestText = "keops-program 3\nsymbol f\n"
                                 "input i 3 f32 x\ninput j 1 f32 y\ninput p 1 f32 p\n"
                                 "output i f32 Sum 1\n"
                                 "workspace 64 0 0 8 0 0 0\ncost 100\n";

/// A tensor that owns shape and strides.
struct OwnedTensor {
  std::vector<int64_t> shape, strides;
  Tensor tensor;

  OwnedTensor(const void *data, std::vector<int64_t> shape, std::vector<int64_t> strides = {},
              DType dtype = DType::F32)
      : shape(std::move(shape)), strides(std::move(strides)) {
    tensor = {const_cast<void *>(data), dtype, int32_t(this->shape.size()), this->shape.data(),
              this->strides.empty() ? nullptr : this->strides.data()};
  }
};

class LauncherTest : public ::testing::Test {
protected:
  std::string refuse(std::vector<Tensor> inputs) {
    return getErrorMessage([&] { launcher.checkInputs(inputs); });
  }
  void run(const OwnedTensor &x, const OwnedTensor &y, const OwnedTensor &p,
           const OwnedTensor &out) {
    launcher.run(std::vector{x.tensor, y.tensor, p.tensor}, std::vector{out.tensor}, {});
  }
  std::string refuseOutput(const OwnedTensor &out) {
    return getErrorMessage([&] { run(x, y, p, out); });
  }

  std::vector<float> xData = {1, 2, 3, 4, 5, 6}, yData = {10, 20}, pData = {2};
  std::vector<float> result = {-1, -1};
  OwnedTensor x{xData.data(), {2, 3}}, y{yData.data(), {2, 1}}, p{pData.data(), {1}};
  OwnedTensor out{result.data(), {2, 1}};
  std::vector<std::string> names = {"x", "y", "p"};
  Program program{Manifest::parse(manifestText), addUp};
  Launcher launcher{program, names};
  const std::vector<float> expected = {42, 60};
};

} // namespace

TEST_F(LauncherTest, runs) {
  run(x, y, p, out);
  EXPECT_EQ(result, expected);
}

TEST_F(LauncherTest, refusesWrongInputs) {
  EXPECT_EQ(refuse({x.tensor, y.tensor}), "expected 3 arguments, got 2");
  EXPECT_EQ(refuse({OwnedTensor(xData.data(), {3, 2}).tensor, y.tensor, p.tensor}),
            "argument 1 (x): expected shape (M, 3), got (3, 2)");
  EXPECT_EQ(refuse({OwnedTensor(xData.data(), {6}).tensor, y.tensor, p.tensor}),
            "argument 1 (x): expected shape (M, 3), got (6,)");
  EXPECT_EQ(refuse({x.tensor, OwnedTensor(yData.data(), {1, 1, 2}).tensor, p.tensor}),
            "argument 2 (y): expected shape (N, 1), got (1, 1, 2)");
  EXPECT_EQ(refuse({x.tensor, y.tensor, OwnedTensor(xData.data(), {3}).tensor}),
            "argument 3 (p): expected shape (1,), got (3,)");
  EXPECT_EQ(refuse({x.tensor, OwnedTensor(yData.data(), {2, 1}, {}, DType::F64).tensor, p.tensor}),
            "argument 2 (y): expected dtype float32, got float64");
  EXPECT_EQ(refuse({OwnedTensor(nullptr, {2, 3}).tensor, y.tensor, p.tensor}),
            "argument 1 (x): the data pointer is null");
  EXPECT_EQ(refuse({OwnedTensor(xData.data(), {-2, 3}).tensor, y.tensor, p.tensor}),
            "argument 1 (x): expected lengths of at least 0, got shape (-2, 3)");
  EXPECT_EQ(refuse({OwnedTensor(xData.data(), {int64_t(1) << 62, 3}).tensor, y.tensor, p.tensor}),
            "argument 1 (x): shape (4611686018427387904, 3) is too large");
}

TEST_F(LauncherTest, sizesMustAgree) {
  Program two{Manifest::parse("keops-program 3\nsymbol f\ninput j 1 f32 -\ninput j 2 f32 b\n"
                              "output j f32 Sum 1\n"),
              addUp};
  std::vector<std::string> secondOnly = {"", "b"};
  Launcher checker(two, secondOnly);
  OwnedTensor b(xData.data(), {3, 2});
  EXPECT_EQ(getErrorMessage([&] { checker.checkInputs(std::vector{y.tensor, b.tensor}); }),
            "argument 2 (b): expected N = 2 rows like argument 1, got 3");
  OwnedTensor fitting(xData.data(), {2, 2});
  Sizes sizes = checker.checkInputs(std::vector{y.tensor, fitting.tensor});
  EXPECT_EQ(sizes.i, 1) << "no argument is indexed by i";
  EXPECT_EQ(sizes.j, 2);
}

TEST_F(LauncherTest, parametersMayHaveLeadingOnesOrNone) {
  for (const std::vector<int64_t> &shape : {std::vector<int64_t>{}, {1}, {1, 1}, {1, 1, 1}}) {
    result = {-1, -1};
    run(x, y, OwnedTensor(pData.data(), shape), out);
    EXPECT_EQ(result, expected);
  }
}

TEST_F(LauncherTest, anyStridesWillDo) {
  std::vector<float> columns = {1, 4, 2, 5, 3, 6};
  run(OwnedTensor(columns.data(), {2, 3}, {4, 8}), y, p, out);
  EXPECT_EQ(result, expected);
  std::vector<float> reversed = {6, 5, 4, 3, 2, 1};
  run(OwnedTensor(reversed.data() + 5, {2, 3}, {-12, -4}), y, p, out);
  EXPECT_EQ(result, expected);
  std::vector<float> one = {15};
  run(x, OwnedTensor(one.data(), {2, 1}, {0, 4}), p, out);
  EXPECT_EQ(result, expected);
}

TEST_F(LauncherTest, misalignedArraysAreCopied) {
  std::vector<char> bytes(64);
  std::memcpy(bytes.data() + 1, xData.data(), 24);
  run(OwnedTensor(bytes.data() + 1, {2, 3}), y, p, out);
  EXPECT_EQ(result, expected);
  // Records of 13 bytes that begin with three floats.
  std::memcpy(bytes.data(), xData.data(), 12);
  std::memcpy(bytes.data() + 13, xData.data() + 3, 12);
  run(OwnedTensor(bytes.data(), {2, 3}, {13, 4}), y, p, out);
  EXPECT_EQ(result, expected);
  std::memcpy(bytes.data() + 3, pData.data(), 4);
  run(x, y, OwnedTensor(bytes.data() + 3, {}), out);
  EXPECT_EQ(result, expected);
}

TEST_F(LauncherTest, outputsMayHaveStridesToo) {
  std::vector<float> wide = {-1, -1, -1, -1};
  run(x, y, p, OwnedTensor(wide.data(), {2, 1}, {8, 4}));
  EXPECT_EQ(wide, (std::vector<float>{42, -1, 60, -1}));
  std::vector<char> bytes(16);
  run(x, y, p, OwnedTensor(bytes.data() + 1, {2, 1}));
  std::memcpy(result.data(), bytes.data() + 1, 8);
  EXPECT_EQ(result, expected);
}

TEST_F(LauncherTest, refusesWrongOutputs) {
  EXPECT_EQ(refuseOutput(OwnedTensor(result.data(), {2})),
            "output 1 (Sum): expected shape (2, 1), got (2,)");
  EXPECT_EQ(refuseOutput(OwnedTensor(result.data(), {2, 1}, {}, DType::I64)),
            "output 1 (Sum): expected dtype float32, got int64");
  EXPECT_EQ(refuseOutput(OwnedTensor(result.data(), {2, 1}, {0, 4})),
            "output 1 (Sum): axis 0 has stride 0, so its elements share memory");
  EXPECT_EQ(refuseOutput(OwnedTensor(result.data(), {2, 1}, {-3, 4})),
            "output 1 (Sum): axis 0 has stride -3, so its elements share memory");
  EXPECT_EQ(refuseOutput(OwnedTensor(xData.data() + 4, {2, 1})),
            "output 1 (Sum): expected memory of its own, but it overlaps argument 1 (x)");
  EXPECT_EQ(refuseOutput(OwnedTensor(yData.data() + 1, {2, 1}, {-4, 4})),
            "output 1 (Sum): expected memory of its own, but it overlaps argument 2 (y)");
  EXPECT_EQ(
      getErrorMessage([&] { launcher.run(std::vector{x.tensor, y.tensor, p.tensor}, {}, {}); }),
      "expected 1 outputs, got 0");
}

TEST_F(LauncherTest, itemsOfABatchHaveTheirOwnPartsOfArrays) {
  std::vector<float> many = {1, 2, 3, 4, 5, 6, 1, 1, 1, 0, 0, 0}, two = {2, 10}, results(6);
  OwnedTensor xs(many.data(), {2, 1, 2, 3}), ps(two.data(), {1}),
      outs(results.data(), {2, 1, 2, 1});
  run(xs, y, ps, outs);
  EXPECT_EQ((std::vector<float>(results.begin(), results.begin() + 4)),
            (std::vector<float>{42, 60, 36, 30}));
  // Backwards, in records of 13 bytes, and a parameter for each item.
  std::vector<char> bytes(13 * 12);
  for (size_t k = 0; k < 12; ++k)
    std::memcpy(&bytes[13 * k], &many[k], 4);
  OwnedTensor backwards(bytes.data() + 13 * 6, {2, 2, 3}, {-13 * 6, 13 * 3, 13});
  run(backwards, y, OwnedTensor(two.data(), {2, 1}), OwnedTensor(results.data(), {2, 2, 1}));
  EXPECT_EQ((std::vector<float>(results.begin(), results.begin() + 4)),
            (std::vector<float>{36, 30, 90, 180}));
  // The output is not contiguous, and the first axis is missing in x.
  std::vector<float> spread(8, -1);
  run(x, y, OwnedTensor(two.data(), {2, 1}), OwnedTensor(spread.data(), {2, 2, 1}, {16, 8, 4}));
  EXPECT_EQ(spread, (std::vector<float>{42, -1, 60, -1, 90, -1, 180, -1}));
  Sizes sizes = launcher.checkInputs(std::vector{xs.tensor, y.tensor, ps.tensor});
  EXPECT_EQ(sizes.batch.rank, 2);
  EXPECT_EQ(launcher.getOutputShape(0, sizes), (std::vector<int64_t>{2, 1, 2, 1}));
}

TEST_F(LauncherTest, batchesMustFit) {
  std::vector<float> many(24);
  EXPECT_EQ(refuse({OwnedTensor(many.data(), {4, 2, 3}).tensor,
                    OwnedTensor(many.data(), {3, 2, 1}).tensor, p.tensor}),
            "argument 2 (y): expected batch dimensions that broadcast with (4,), got (3,)");
  int64_t huge = int64_t(1) << 31;
  EXPECT_EQ(refuse({OwnedTensor(many.data(), {huge, 1, 2, 3}, {0, 0, 12, 4}).tensor,
                    OwnedTensor(many.data(), {huge, 2, 1}, {0, 4, 4}).tensor, p.tensor}),
            "the batch dimensions (2147483648, 2147483648) are too large");
}

TEST_F(LauncherTest, emptyArraysAreFine) {
  OwnedTensor noX(nullptr, {0, 3}), noY(nullptr, {0, 1}), noOut(nullptr, {0, 1});
  run(noX, y, p, noOut);
  run(x, noY, p, out);
  EXPECT_EQ(result, (std::vector<float>{12, 30}));
}

TEST_F(LauncherTest, stopsAndReportsStatuses) {
  auto runWith = [&](ProgramEntry entry, ErrorKind kind) {
    Program other{Manifest::parse(manifestText), entry};
    return getErrorMessage(
        [&] {
          Launcher(other, names)
              .run(std::vector{x.tensor, y.tensor, p.tensor}, std::vector{out.tensor}, {});
        },
        kind);
  };
  EXPECT_EQ(runWith([](const keops_args *) { return 1; }, ErrorKind::Cancelled),
            "the run was cancelled");
  EXPECT_EQ(runWith([](const keops_args *) { return 2; }, ErrorKind::Memory),
            "not enough memory for this formula and these sizes");
  EXPECT_NE(runWith([](const keops_args *) { return 5; }, ErrorKind::Internal)
                .find("program f returned status 5"),
            std::string::npos);
}

TEST_F(LauncherTest, kernelsRunOnAFewBlocksWhateverTheWork) {
  Program kernels{Manifest::parse(manifestText + std::string("kernel f_0 128\n")), addUp};
  for (double pairs : {0.0, 1.0, 1e12})
    EXPECT_EQ(Launcher(kernels, names).chooseThreads(pairs, 1), 3);
}

TEST_F(LauncherTest, kernelsDoNotFindTheirWorkspaceClean) {
  ProgramEntry look = [](const keops_args *args) {
    const auto *bytes = static_cast<const unsigned char *>(args->workspace);
    EXPECT_EQ(std::count(bytes, bytes + 64 + 8 * args->size_i, 0xA5), 64 + 8 * args->size_i);
    return int32_t(KEOPS_STEP_OK);
  };
  Program kernels{Manifest::parse(manifestText + std::string("kernel f_0 128\n")), look};
  Launcher(kernels, names)
      .run(std::vector{x.tensor, y.tensor, p.tensor}, std::vector{out.tensor}, {});
}

TEST_F(LauncherTest, smallWorkUsesOneThread) {
  setNumThreads(8);
  EXPECT_EQ(launcher.chooseThreads(1, 0), 1);
  EXPECT_EQ(launcher.chooseThreads(100 * 50, 0), 2);
  EXPECT_EQ(launcher.chooseThreads(1e12, 0), 8);
  EXPECT_EQ(launcher.chooseThreads(1e12, 3), 3);
  EXPECT_EQ(launcher.chooseThreads(1e28, 0), 8);
  EXPECT_EQ(launcher.chooseThreads(0, 0), 1);
  setNumThreads(0);
}

namespace {

/// out[i] = z[i] * p for z and p of two components, as complex numbers.
int32_t multiply(const keops_args *args) {
  auto at = [](const keops_array &array, int64_t row, int64_t component) -> float & {
    return static_cast<float *>(
        array.data)[row * array.row_stride + component * array.component_stride];
  };
  const keops_array &z = args->inputs[0], &p = args->inputs[1], &out = args->outputs[0];
  for (int64_t i = 0; i < args->size_i; ++i) {
    at(out, i, 0) = at(z, i, 0) * at(p, 0, 0) - at(z, i, 1) * at(p, 0, 1);
    at(out, i, 1) = at(z, i, 0) * at(p, 0, 1) + at(z, i, 1) * at(p, 0, 0);
  }
  return KEOPS_STEP_OK;
}

class ComplexTest : public ::testing::Test {
protected:
  void run(const OwnedTensor &z, const OwnedTensor &p, const OwnedTensor &out) {
    launcher.run(std::vector{z.tensor, p.tensor}, std::vector{out.tensor}, {});
  }
  std::string refuse(const OwnedTensor &z, const OwnedTensor &p, const OwnedTensor &out) {
    return getErrorMessage([&] { run(z, p, out); });
  }

  static constexpr DType c64 = DType::C64;
  std::vector<float> zData = {1, 2, 3, 4}, pData = {0, 1}, result = {0, 0, 0, 0};
  OwnedTensor z{zData.data(), {2, 1}, {}, c64}, p{pData.data(), {1}, {}, c64};
  OwnedTensor out{result.data(), {2, 1}, {}, c64};
  std::vector<std::string> names = {"z", "p"};
  Program program{Manifest::parse("keops-program 3\nsymbol f\ninput i 2 f32 z\ninput p 2 f32 p\n"
                                  "output i f32 Sum 2\n"),
                  multiply};
  Launcher launcher{program, names};
  const std::vector<float> expected = {-2, 1, -4, 3};
};

} // namespace

TEST_F(ComplexTest, arraysStandForTheirParts) {
  run(z, p, out);
  EXPECT_EQ(result, expected);
  result = {};
  result.resize(4);
  run(OwnedTensor(zData.data(), {2, 2}), OwnedTensor(pData.data(), {}, {}, c64),
      OwnedTensor(result.data(), {2, 2}));
  EXPECT_EQ(result, expected) << "real and complex arrays side by side, and a number";
}

TEST_F(ComplexTest, anyStridesWillDo) {
  std::vector<float> reversed = {3, 4, 0, 1, 2};
  run(OwnedTensor(reversed.data() + 3, {2, 1}, {-12, 8}, c64), p, out);
  EXPECT_EQ(result, expected);
  std::vector<float> wide(8, -1);
  run(z, p, OwnedTensor(wide.data(), {2, 1}, {16, 8}, c64));
  EXPECT_EQ(wide, (std::vector<float>{-2, 1, -1, -1, -4, 3, -1, -1}));
  std::vector<char> bytes(17);
  std::memcpy(bytes.data() + 1, zData.data(), 16);
  run(OwnedTensor(bytes.data() + 1, {2, 1}, {}, c64), p, out);
  EXPECT_EQ(result, expected);
}

TEST_F(ComplexTest, columnsThatAreNotSideBySideAreCopied) {
  Program sum{Manifest::parse("keops-program 3\nsymbol f\ninput i 4 f32 x\noutput i f32 Sum 4\n"),
              [](const keops_args *args) {
                const keops_array &x = args->inputs[0];
                for (int64_t k = 0; k < 4; ++k)
                  static_cast<float *>(args->outputs[0].data)[k] =
                      static_cast<const float *>(x.data)[k * x.component_stride];
                return int32_t(KEOPS_STEP_OK);
              }};
  std::vector<float> spread = {1, 2, -1, -1, 3, 4};
  OwnedTensor x(spread.data(), {1, 2}, {0, 16}, c64);
  OwnedTensor copied(result.data(), {1, 2}, {}, c64);
  Launcher(sum, names).run(std::vector{x.tensor}, std::vector{copied.tensor}, {});
  EXPECT_EQ(result, zData);
}

TEST_F(ComplexTest, refusesWrongTypesAndShapes) {
  EXPECT_EQ(
      refuse(OwnedTensor(zData.data(), {1, 1}, {}, DType::C128), p, out),
      "argument 1 (z): expected dtype float32 or, where the dimension is even, complex64, got "
      "complex128 for dimension 2");
  EXPECT_EQ(refuse(OwnedTensor(zData.data(), {1, 2}, {}, c64), p, out),
            "argument 1 (z): expected shape (M, 1), got (1, 2)");
  EXPECT_EQ(refuse(z, OwnedTensor(zData.data(), {2}, {}, c64), out),
            "argument 2 (p): expected shape (1,), got (2,)");
  EXPECT_EQ(refuse(z, p, OwnedTensor(result.data(), {2, 1})),
            "output 1 (Sum): expected shape (2, 2), got (2, 1)");
  EXPECT_EQ(refuse(z, p, OwnedTensor(result.data(), {2, 2}, {}, c64)),
            "output 1 (Sum): expected shape (2, 1), got (2, 2)");
  EXPECT_EQ(refuse(z, p, OwnedTensor(zData.data() + 1, {2, 1}, {}, c64)),
            "output 1 (Sum): expected memory of its own, but it overlaps argument 1 (z)");
  Program odd{Manifest::parse("keops-program 3\nsymbol f\ninput i 3 f64 x\ninput i 2 f16 h\n"
                              "output i f32 Sum 1\n"),
              multiply};
  std::vector<std::string> none;
  Launcher checker(odd, none);
  auto check = [&](const OwnedTensor &x, const OwnedTensor &h) {
    return getErrorMessage([&] { checker.checkInputs(std::vector{x.tensor, h.tensor}); });
  };
  OwnedTensor x(zData.data(), {0, 3}, {}, DType::F64), c(zData.data(), {0, 1}, {}, c64);
  EXPECT_EQ(check(OwnedTensor(zData.data(), {0, 1}, {}, DType::C128), c),
            "argument 1: expected dtype float64 or, where the dimension is even, complex128, got "
            "complex128 for dimension 3");
  EXPECT_EQ(check(x, c), "argument 2: expected dtype float16, got complex64");
  EXPECT_EQ(check(x, OwnedTensor(zData.data(), {0, 2}, {}, DType::BF16)),
            "argument 2: expected dtype float16, got bfloat16");
}

TEST(Launcher, shortElementsHaveTwoBytes) {
  Program copy{Manifest::parse("keops-program 3\nsymbol f\ninput i 2 bf16 x\noutput i f16 Sum 2\n"),
               [](const keops_args *args) {
                 const keops_array &x = args->inputs[0], &out = args->outputs[0];
                 for (int64_t i = 0; i < args->size_i; ++i)
                   for (int64_t k = 0; k < 2; ++k)
                     static_cast<uint16_t *>(out.data)[i * out.row_stride + k] =
                         static_cast<const uint16_t *>(
                             x.data)[i * x.row_stride + k * x.component_stride];
                 return int32_t(KEOPS_STEP_OK);
               }};
  std::vector<std::string> names;
  std::vector<uint16_t> columns = {1, 2, 3, 4}, result(4);
  OwnedTensor x(columns.data(), {2, 2}, {2, 4}, DType::BF16);
  OwnedTensor out(result.data(), {2, 2}, {}, DType::F16);
  Launcher(copy, names).run(std::vector{x.tensor}, std::vector{out.tensor}, {});
  EXPECT_EQ(result, (std::vector<uint16_t>{1, 3, 2, 4}));
  std::vector<char> bytes(9);
  std::memcpy(bytes.data() + 1, columns.data(), 8);
  OwnedTensor odd(bytes.data() + 1, {2, 2}, {}, DType::BF16);
  Launcher(copy, names).run(std::vector{odd.tensor}, std::vector{out.tensor}, {});
  EXPECT_EQ(result, columns);
}

TEST(Workspace, isAlignedReusedAndReentrant) {
  char *first = nullptr;
  {
    Workspace outer(1000);
    first = outer.getData();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0u);
    Workspace inner(1000);
    EXPECT_NE(inner.getData(), first);
  }
  Workspace again(1000);
  EXPECT_TRUE(again.getData() != nullptr);
}

TEST(Workspace, saysWhenMemoryIsShort) {
  std::string message = getErrorMessage([] { Workspace(int64_t(1) << 46); }, ErrorKind::Memory);
  EXPECT_EQ(message, "not enough memory: this call needs 70368744177664 bytes of temporary memory");
}
