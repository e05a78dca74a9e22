// Runs on a device have the results of an evaluation in double precision: sums, minima, several
// outputs, batches, ranges and gradients, at ragged sizes.
#include "TestSupport.h"

#include <algorithm>
#include <numeric>

using namespace keops;
using namespace keops::test;

static const int64_t raggedSizes[] = {0, 1, 129, 5000};

/// |x_i - y_j|^2 of rows of three.
static double getDistance(const float *x, const float *y) {
  double sum = 0;
  for (int d = 0; d < 3; ++d)
    sum += std::pow(double(x[d]) - double(y[d]), 2);
  return sum;
}

TEST(Run, sumsAtRaggedSizes) {
  Program program = compile(gaussFormula, gaussAliases);
  for (int64_t m : raggedSizes)
    for (int64_t n : raggedSizes) {
      GaussCase arrays(m, n);
      arrays.run(program);
      arrays.check();
    }
}

TEST(Run, sumsInDoublePrecision) {
  Options options;
  options.dtype = KEOPS_F64;
  options.deviceType = KEOPS_CUDA;
  Program program("Sum_Reduction(x*y,0)", {"x=Vi(1)", "y=Vj(1)"}, options);
  std::vector<double> xs = {1.5, -2}, ys(5000, 1e-3);
  DeviceArray<double> x({2, 1}, xs), y({5000, 1}, ys), out({2, 1});
  program.run({x.get(), y.get()}, {out.get()});
  EXPECT_NEAR(out.read()[0], 7.5, 1e-12);
  EXPECT_NEAR(out.read()[1], -10, 1e-12);
}

TEST(Run, findsMinimaAndWhereTheyAre) {
  Program nearest = compile("ArgMin_Reduction(SqDist(x,y),0)", {"x=Vi(3)", "y=Vj(3)"});
  Program both = compile("Min_ArgMin_Reduction(SqDist(x,y),1)", {"x=Vi(3)", "y=Vj(3)"});
  for (int64_t m : {1, 129, 1000})
    for (int64_t n : {1, 129, 5000}) {
      std::vector<float> xs = makeNumbers(3 * m, 1), ys = makeNumbers(3 * n, 2);
      DeviceArray<> x({m, 3}, xs), y({n, 3}, ys), values({n, 1});
      DeviceArray<int64_t> ofRows({m, 1}), ofColumns({n, 1});
      nearest.run({x.get(), y.get()}, {ofRows.get()});
      both.run({x.get(), y.get()}, {values.get(), ofColumns.get()});
      // Equal in f32 is not equal in f64, so distances are compared and not numbers.
      for (int64_t i = 0; i < m; ++i) {
        const float *row = &xs[size_t(3 * i)];
        double least = HUGE_VAL;
        for (int64_t j = 0; j < n; ++j)
          least = std::min(least, getDistance(row, &ys[size_t(3 * j)]));
        int64_t found = ofRows.read()[size_t(i)];
        ASSERT_TRUE(found >= 0 && found < n);
        ASSERT_NEAR(getDistance(row, &ys[size_t(3 * found)]), least, 1e-5);
      }
      for (int64_t j = 0; j < n; ++j) {
        const float *column = &ys[size_t(3 * j)];
        double least = HUGE_VAL;
        for (int64_t i = 0; i < m; ++i)
          least = std::min(least, getDistance(&xs[size_t(3 * i)], column));
        int64_t found = ofColumns.read()[size_t(j)];
        ASSERT_TRUE(found >= 0 && found < m);
        ASSERT_NEAR(getDistance(&xs[size_t(3 * found)], column), least, 1e-5);
        ASSERT_NEAR(values.read()[size_t(j)], least, 1e-5);
      }
    }
}

TEST(Run, differentiates) {
  Program program = compile("Grad(Sum_Reduction(Exp(-SqDist(x,y))*b,0),x,g)",
                            {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "g=Vi(1)"});
  int64_t m = 129, n = 300;
  GaussCase arrays(m, n);
  std::vector<float> gs = makeNumbers(m, 4);
  DeviceArray<> g({m, 1}, gs), out({m, 3});
  std::vector<Tensor> inputs = arrays.inputs();
  inputs.push_back(g.get());
  program.run(inputs, {out.get()});
  for (int64_t i = 0; i < m; ++i)
    for (int64_t d = 0; d < 3; ++d) {
      double sum = 0;
      for (int64_t j = 0; j < n; ++j) {
        const float *x = &arrays.xs[size_t(3 * i)], *y = &arrays.ys[size_t(3 * j)];
        sum -= 2 * (double(x[d]) - double(y[d])) * std::exp(-getDistance(x, y)) *
               double(arrays.bs[size_t(j)]);
      }
      ASSERT_NEAR(out.read()[size_t(3 * i + d)], sum * double(gs[size_t(i)]), 2e-4);
    }
}

/// Items of a batch of (3, 2): x has all, y the first axis alone, b none.
TEST(Run, repeatsForTheItemsOfABatch) {
  Program program = compile(gaussFormula, gaussAliases);
  int64_t m = 130, n = 70;
  std::vector<float> xs = makeNumbers(6 * m * 3, 1), ys = makeNumbers(3 * n * 3, 2),
                     bs = makeNumbers(n, 3);
  DeviceArray<> x({3, 2, m, 3}, xs), y({3, 1, n, 3}, ys), b({n, 1}, bs), out({3, 2, m, 1});
  program.run({x.get(), y.get(), b.get()}, {out.get()});
  for (int64_t item = 0; item < 6; ++item)
    for (int64_t i = 0; i < m; ++i) {
      std::vector<float> own(&ys[size_t(item / 2 * n * 3)], &ys[size_t(item / 2 * n * 3)] + n * 3);
      ASSERT_NEAR(out.read()[size_t(item * m + i)],
                  gauss(&xs[size_t((item * m + i) * 3)], own, bs, 0, n), 1e-4)
          << "item " << item << ", row " << i;
    }
}

TEST(Run, isNothingForABatchWithoutItems) {
  Program program = compile(gaussFormula, gaussAliases);
  DeviceArray<> x({0, 5, 3}), y({7, 3}, makeNumbers(21, 1)), b({7, 1}, makeNumbers(7, 1)),
      out({0, 5, 1});
  program.run({x.get(), y.get(), b.get()}, {out.get()});
}

TEST(Run, followsRanges) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(1000, 700);
  // The rows 0 to 299 with two intervals, 400 to 999 with one, the others with none.
  Ranges ranges = Ranges::overJ({{0, 300}, {400, 1000}}, {2, 3}, {{0, 50}, {600, 700}, {90, 500}});
  program.run(arrays.inputs(), {arrays.out.get()}, ranges);
  for (int64_t i = 0; i < 1000; ++i) {
    const float *x = &arrays.xs[size_t(3 * i)];
    auto sum = [&](int64_t begin, int64_t end) {
      return gauss(x, arrays.ys, arrays.bs, begin, end);
    };
    double expected = i < 300 ? sum(0, 50) + sum(600, 700) : i < 400 ? 0 : sum(90, 500);
    ASSERT_NEAR(arrays.out.read()[size_t(i)], expected, 1e-3) << "row " << i;
  }
}

TEST(Run, readsStridedArraysInPlace) {
  Program program = compile(gaussFormula, gaussAliases);
  GaussCase arrays(200, 100);
  // x backwards, and the same b for all.
  Tensor x = Tensor(arrays.x.getData() + 3 * 199, {200, 3}, {-12, 4});
  Tensor b = arrays.b.get({0, 4});
  program.run({x, arrays.y.get(), b}, {arrays.out.get()});
  std::vector<float> same(100, arrays.bs[0]);
  for (int64_t i = 0; i < 200; ++i)
    ASSERT_NEAR(arrays.out.read()[size_t(i)],
                gauss(&arrays.xs[size_t(3 * (199 - i))], arrays.ys, same, 0, 100), 1e-4);
}

TEST(Run, takesComplexArrays) {
  Program program = compile("Sum_Reduction(x*y,0)", {"x=Vi(2)", "y=Vj(1)"});
  std::vector<float> xs = {1, 2, 3, 4}, ys = {1, 10};
  DeviceArray<> x({2, 2}, xs), y({2, 1}, ys), out({2, 2});
  auto view = [](const DeviceArray<> &array) {
    return Tensor(reinterpret_cast<std::complex<float> *>(array.getData()), {2, 1});
  };
  program.run({view(x), y.get()}, {view(out)});
  EXPECT_EQ(out.read(), (std::vector<float>{11, 22, 33, 44}));
}
