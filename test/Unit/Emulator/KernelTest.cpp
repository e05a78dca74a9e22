// Kernels give the results that they were written for, at ragged sizes and on grids of any size;
// what a GPU does not define is not what one would like here either.
#include "TestSupport.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <numeric>

using namespace keops;
using namespace keops::test;

static const int64_t raggedSizes[] = {0, 1, 7, 128, 129, 1000};

/// Numbers from -1 to 1 without a pattern.
static std::vector<float> makeNumbers(int64_t count, int64_t seed) {
  std::vector<float> numbers;
  for (int64_t k = 0; k < count; ++k)
    numbers.push_back(float(std::sin(double(12 * k + seed) * 1.7)));
  return numbers;
}

static const char *const mapBody = R"(
  scf.for %i = %first to %m step %step {
    %at = arith.index_cast %i : index to i64
    %from = llvm.getelementptr %x[%at] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %value = llvm.load %from : !llvm.ptr -> f32
    %power = math.exp2 %value fastmath<afn> : f32
    %row = vector.broadcast %power : f32 to vector<3xf32>
    %roots = math.rsqrt %row fastmath<afn> : vector<3xf32>
    %root = vector.extract %roots[2] : f32 from vector<3xf32>
    %one = arith.constant 1.0 : f32
    %inverse = arith.divf %one, %power fastmath<arcp,afn> : f32
    %result = math.fma %power, %root, %inverse : f32
    %to = llvm.getelementptr %out[%at] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    llvm.store %result, %to : f32, !llvm.ptr
  })";

TEST(Kernel, mapsRowsOnAnyGrid) {
  KernelProgram program(mapBody, KernelProgram::Silent);
  for (int64_t size : raggedSizes)
    for (int32_t blocks : {1, 3, 20}) {
      Arguments arguments{makeNumbers(size, 1), {}, std::vector<float>(size_t(size))};
      arguments.blocks = blocks;
      ASSERT_EQ(program.run(arguments), KEOPS_STEP_OK);
      for (size_t i = 0; i < arguments.x.size(); ++i) {
        double power = std::exp2(double(arguments.x[i])), expected = std::sqrt(power) + 1 / power;
        ASSERT_NEAR(arguments.out[i], expected, 1e-6 * expected) << size << " rows, row " << i;
      }
    }
}

/// out_i = sum over j of x_i y_j, tiles of y in workgroup memory.
static const char *const dotArrays = "%tile: memref<128xf32, #gpu.address_space<workgroup>>";
static const char *const dotBody = R"(
  %zero = arith.constant 0.0 : f32
  %stop = arith.addi %m, %thread : index
  scf.for %i = %first to %stop step %step {
    %is_row = arith.cmpi slt, %i, %m : index
    %i64 = arith.index_cast %i : index to i64
    %xi = scf.if %is_row -> f32 {
      %from = llvm.getelementptr %x[%i64] : (!llvm.ptr, i64) -> !llvm.ptr, f32
      %value = llvm.load %from : !llvm.ptr -> f32
      scf.yield %value : f32
    } else {
      scf.yield %zero : f32
    }
    %sum = scf.for %j0 = %c0 to %n step %threads iter_args(%old = %zero) -> f32 {
      %j = arith.addi %j0, %thread : index
      %is_column = arith.cmpi slt, %j, %n : index
      scf.if %is_column {
        %j64 = arith.index_cast %j : index to i64
        %from = llvm.getelementptr %y[%j64] : (!llvm.ptr, i64) -> !llvm.ptr, f32
        %value = llvm.load %from : !llvm.ptr -> f32
        memref.store %value, %tile[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
      }
      gpu.barrier
      %left = arith.subi %n, %j0 : index
      %count = arith.minsi %left, %threads : index
      %new = scf.for %k = %c0 to %count step %c1 iter_args(%part = %old) -> f32 {
        %yj = memref.load %tile[%k] : memref<128xf32, #gpu.address_space<workgroup>>
        %next = math.fma %xi, %yj, %part : f32
        scf.yield %next : f32
      }
      gpu.barrier
      scf.yield %new : f32
    }
    scf.if %is_row {
      %to = llvm.getelementptr %out[%i64] : (!llvm.ptr, i64) -> !llvm.ptr, f32
      llvm.store %sum, %to : f32, !llvm.ptr
    }
  })";

TEST(Kernel, sharesTilesBetweenBarriers) {
  for (auto watch : {KernelProgram::Silent, KernelProgram::Races}) {
    KernelProgram program(dotBody, watch, dotArrays);
    for (int64_t m : raggedSizes)
      for (int64_t n : raggedSizes) {
        Arguments arguments{makeNumbers(m, 1), makeNumbers(n, 2), std::vector<float>(size_t(m))};
        ASSERT_EQ(program.run(arguments), KEOPS_STEP_OK);
        double sum = std::accumulate(arguments.y.begin(), arguments.y.end(), 0.0);
        for (size_t i = 0; i < arguments.x.size(); ++i)
          ASSERT_NEAR(arguments.out[i], sum * arguments.x[i], 1e-4) << m << " x " << n;
      }
  }
}

TEST(Kernel, countsAtomically) {
  for (auto watch : {KernelProgram::Silent, KernelProgram::Races}) {
    KernelProgram program(R"(
      %one = arith.constant 1.0 : f32
      scf.for %i = %first to %m step %step {
        %old = llvm.atomicrmw fadd %out, %one acq_rel : !llvm.ptr, f32
      })",
                          watch);
    for (int64_t size : raggedSizes) {
      Arguments arguments{makeNumbers(size, 1), {}, {0}};
      ASSERT_EQ(program.run(arguments), KEOPS_STEP_OK);
      EXPECT_EQ(arguments.out[0], float(size));
    }
  }
}

/// Thread 0 writes the first item of the launch at its place, per block.
TEST(Kernel, isLaunchedForGroupsOfItems) {
  KernelProgram program(R"(
    %is_first = arith.cmpi eq, %first, %c0 : index
    scf.if %is_first {
      %at = llvm.getelementptr %launch[$ITEM] : (!llvm.ptr) -> !llvm.ptr, i8
      %item = llvm.load %at : !llvm.ptr -> i64
      %value = arith.sitofp %item : i64 to f32
      %to = llvm.getelementptr %out[%item] : (!llvm.ptr, i64) -> !llvm.ptr, f32
      llvm.store %value, %to : f32, !llvm.ptr
    })",
                        KernelProgram::Silent);
  Arguments arguments{{}, {}, std::vector<float>(5, -1)};
  arguments.items = 5;
  arguments.itemsAtOnce = 2;
  ASSERT_EQ(program.run(arguments), KEOPS_STEP_OK);
  EXPECT_EQ(arguments.out, (std::vector<float>{0, -1, 2, -1, 4}));
}

/// Every block finds what it did not write, although the one before wrote there.
TEST(Kernel, findsGarbageInTheMemoryOfABlock) {
  KernelProgram program(R"(
    %shared = memref.load %tile[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
    memref.store %shared, %tile[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
    %zero = arith.constant 0.0 : f32
    gpu.barrier
    memref.store %zero, %tile[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
    %at = arith.index_cast %block : index to i64
    %to = llvm.getelementptr %out[%at] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    llvm.store %shared, %to : f32, !llvm.ptr)",
                        KernelProgram::Silent, dotArrays);
  Arguments arguments{{}, {}, std::vector<float>(3)};
  ASSERT_EQ(program.run(arguments), KEOPS_STEP_OK);
  uint32_t bits[3];
  std::memcpy(bits, arguments.out.data(), sizeof(bits));
  for (uint32_t word : bits)
    EXPECT_EQ(word, 0xA5A5A5A5u);
}

/// A race, seen from inside: each thread takes the next number, before and after a barrier.
TEST(Kernel, turnsTheOrderOfThreadsRoundAtBarriers) {
  KernelProgram program(R"(
    %at = arith.index_cast %thread : index to i64
    %to = llvm.getelementptr %out[%at] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %one = arith.constant 1.0 : f32
    %before = llvm.load %x : !llvm.ptr -> f32
    %next = arith.addf %before, %one : f32
    llvm.store %next, %x : f32, !llvm.ptr
    gpu.barrier
    %after = llvm.load %x : !llvm.ptr -> f32
    %last = arith.addf %after, %one : f32
    llvm.store %last, %x : f32, !llvm.ptr
    %both = arith.addf %before, %after : f32
    llvm.store %both, %to : f32, !llvm.ptr)",
                        KernelProgram::Silent);
  Arguments arguments{{0}, {}, std::vector<float>(128)};
  arguments.blocks = 1;
  ASSERT_EQ(program.run(arguments), KEOPS_STEP_OK);
  EXPECT_EQ(arguments.out, std::vector<float>(128, 255));
}

TEST(Kernel, isStoppedAtBarriersAndRunsAgain) {
  KernelProgram program(dotBody, KernelProgram::Silent, dotArrays);
  Arguments arguments{makeNumbers(300, 1), {1, 1, 1}, std::vector<float>(300)};
  int32_t requested = 1;
  arguments.cancel = &requested;
  EXPECT_EQ(program.run(arguments), KEOPS_STEP_CANCELLED);
  arguments.cancel = nullptr;
  int32_t questions = 0;
  arguments.poll = [](void *count) { return int32_t(++*static_cast<int32_t *>(count) == 3); };
  arguments.pollData = &questions;
  EXPECT_EQ(program.run(arguments), KEOPS_STEP_CANCELLED);
  EXPECT_EQ(questions, 3);
  EXPECT_EQ(program.run(arguments), KEOPS_STEP_OK);
  EXPECT_FLOAT_EQ(arguments.out[299], 3 * arguments.x[299]);
}

namespace {
struct Inner {
  KernelProgram program{dotBody, KernelProgram::Silent, dotArrays};
  Arguments arguments{{2}, {3, 4}, {0}};
  int32_t runs = 0;
};
} // namespace

TEST(Kernel, mayRunInsideAnotherOne) {
  Inner inner;
  Arguments arguments{makeNumbers(200, 1), makeNumbers(200, 2), std::vector<float>(200)};
  Arguments alone = arguments;
  ASSERT_EQ(inner.program.run(alone), KEOPS_STEP_OK);
  arguments.poll = [](void *data) {
    auto *inner = static_cast<Inner *>(data);
    ++inner->runs;
    return inner->program.run(inner->arguments);
  };
  arguments.pollData = &inner;
  ASSERT_EQ(inner.program.run(arguments), KEOPS_STEP_OK);
  EXPECT_GE(inner.runs, 3);
  EXPECT_EQ(inner.arguments.out[0], 14);
  EXPECT_EQ(arguments.out, alone.out);
}
