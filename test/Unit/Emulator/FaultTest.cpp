// Planted mistakes are found and told: missing barriers, blocks that rely on each other, barriers
// that not all threads reach.
#include "TestSupport.h"

#include "keops-c/emulator.h"

#include "gtest/gtest.h"

#include <regex>

using namespace keops;
using namespace keops::test;

namespace {
constexpr auto tile = "%tile: memref<128xf32, #gpu.address_space<workgroup>>";

/// The fault of a kernel with every access watched; empty when it has none.
std::string findFault(const std::string &body, const char *arrays = tile,
                      KernelProgram::Watch watch = KernelProgram::Races) {
  Arguments arguments{std::vector<float>(128, 1), std::vector<float>(128), std::vector<float>(384)};
  int32_t step = KernelProgram(body, watch, arrays).run(arguments);
  EXPECT_TRUE(step == KEOPS_STEP_OK || step == KEOPS_STEP_FAULT) << step;
  std::string fault = keops_emulator_get_fault();
  EXPECT_EQ(fault.empty(), step == KEOPS_STEP_OK);
  return fault;
}

/// The same with a word for the address, which differs from run to run.
std::string findFaultAnywhere(const std::string &body) {
  return std::regex_replace(findFault(body), std::regex("0x[0-9a-f]+"), "SOMEWHERE");
}

/// Each thread gives its neighbour to the left a number.
const std::string neighbours = R"(
  %one = arith.constant 1.0 : f32
  memref.store %one, %tile[%thread] : memref<128xf32, #gpu.address_space<workgroup>>
  $BARRIER
  %next = arith.addi %thread, %c1 : index
  %right = arith.remui %next, %threads : index
  %value = memref.load %tile[%right] : memref<128xf32, #gpu.address_space<workgroup>>
  $LATER
)";
} // namespace

TEST(Races, aBarrierBetweenWriteAndReadIsNeeded) {
  EXPECT_EQ(findFault(replace(replace(neighbours, "$BARRIER", "gpu.barrier"), "$LATER", "")), "");
  EXPECT_EQ(
      findFault(replace(replace(neighbours, "$BARRIER", ""), "$LATER", "")),
      "kernel 'f_0': data race at byte 4 of workgroup memory: thread 1 of block 0 writes what "
      "thread 0 of block 0 read, with no barrier between the two");
}

TEST(Races, aBarrierBetweenReadAndNextWriteIsNeeded) {
  std::string body = replace(neighbours, "$BARRIER", "gpu.barrier");
  std::string store = "memref.store %value, %tile[%thread] : "
                      "memref<128xf32, #gpu.address_space<workgroup>>";
  EXPECT_EQ(findFault(replace(body, "$LATER", "gpu.barrier\n" + store)), "");
  // Between barriers threads run from the last to the first: the last reads and writes first.
  EXPECT_EQ(findFault(replace(body, "$LATER", store)),
            "kernel 'f_0': data race at byte 508 of workgroup memory: thread 126 of block 0 reads "
            "what thread 127 of block 0 wrote, with no barrier between the two");
}

TEST(Races, partsOfAnElementCount) {
  // Threads write the lower and the upper half of a number, then one its whole.
  std::string body = R"(
    %bit = arith.andi %thread, %c1 : index
    %half = arith.index_cast %thread : index to i64
    %to = llvm.getelementptr %out[%half] : (!llvm.ptr, i64) -> !llvm.ptr, i16
    %zero = arith.constant 0 : i16
    %is_first_block = arith.cmpi eq, %block, %c0 : index
    scf.if %is_first_block {
      llvm.store %zero, %to : i16, !llvm.ptr
      $WHOLE
    })";
  EXPECT_EQ(findFault(replace(body, "$WHOLE", ""), ""), "");
  EXPECT_EQ(
      findFaultAnywhere(replace(body, "$WHOLE",
                                "%whole = llvm.load %to {alignment = 2 : i64} : "
                                "!llvm.ptr -> i32")),
      "kernel 'f_0': data race at address SOMEWHERE: thread 1 of block 0 writes what thread 0 "
      "of block 0 read, with no barrier between the two");
}

TEST(Races, blocksHaveNoOrder) {
  std::string body = R"(
    %is_first_thread = arith.cmpi eq, %thread, %c0 : index
    scf.if %is_first_thread {
      %old = llvm.load %out : !llvm.ptr -> f32
      $STORE
    }
    gpu.barrier)";
  EXPECT_EQ(findFault(replace(body, "$STORE", "")), "");
  EXPECT_EQ(findFaultAnywhere(replace(body, "$STORE", "llvm.store %old, %out : f32, !llvm.ptr")),
            "kernel 'f_0': data race at address SOMEWHERE: thread 0 of block 1 reads what thread 0 "
            "of block 0 wrote, and nothing orders the two blocks");
}

/// Blocks leave numbers and count themselves; the last one reads what the first has left.
TEST(Races, atomicOperationsAndBarriersOrderBlocks) {
  const std::string body = R"(
    %at = arith.index_cast %first : index to i64
    %mine = llvm.getelementptr %out[%at] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %one = arith.constant 1.0 : f32
    llvm.store %one, %mine : f32, !llvm.ptr
    $BEFORE
    %is_first_thread = arith.cmpi eq, %thread, %c0 : index
    scf.if %is_first_thread {
      %count = arith.constant 1 : i32
      %old = llvm.atomicrmw add %y, %count $ORDER : !llvm.ptr, i32
      %place = arith.sitofp %old : i32 to f32
      memref.store %place, %tile[%c0] : memref<128xf32, #gpu.address_space<workgroup>>
    }
    $AFTER
    %place = memref.load %tile[%c0] : memref<128xf32, #gpu.address_space<workgroup>>
    %two = arith.constant 2.0 : f32
    %is_last = arith.cmpf oeq, %place, %two : f32
    scf.if %is_last {
      %end = arith.constant 127 : index
      %other = arith.subi %end, %thread : index
      %from = arith.index_cast %other : index to i64
      %theirs = llvm.getelementptr %out[%from] : (!llvm.ptr, i64) -> !llvm.ptr, f32
      %sum = llvm.load %theirs : !llvm.ptr -> f32
    })";
  auto write = [&](const char *before, const char *order, const char *after) {
    return replace(replace(replace(body, "$BEFORE", before), "$ORDER", order), "$AFTER", after);
  };
  EXPECT_EQ(findFault(write("gpu.barrier", "acq_rel", "gpu.barrier")), "");
  // Thread 0 has released nothing but its own.
  EXPECT_EQ(
      findFaultAnywhere(write("", "acq_rel", "gpu.barrier")),
      "kernel 'f_0': data race at address SOMEWHERE: thread 126 of block 2 reads what thread 1 "
      "of block 0 wrote, and nothing orders the two blocks");
  EXPECT_NE(findFault(write("gpu.barrier", "monotonic", "gpu.barrier")), "");
  EXPECT_NE(findFault(write("gpu.barrier", "acq_rel", "")), "");
}

/// Each thread has a number copied, which its neighbour to the left reads.
const std::string copies = R"(
  %end = arith.constant 9223372036854775807 : i64
  %one = arith.constant 1 : i64
  %zero = arith.constant 0 : i64
  %none = llvm.mlir.poison : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %0 = llvm.insertvalue %x, %none[0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %1 = llvm.insertvalue %x, %0[1] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %2 = llvm.insertvalue %zero, %1[2] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %3 = llvm.insertvalue %end, %2[3, 0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %4 = llvm.insertvalue %one, %3[4, 0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %numbers = builtin.unrealized_conversion_cast %4 : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)> to memref<?xf32>
  $BEFORE
  %copied = nvgpu.device_async_copy %numbers[$FROM], %tile[%thread], $COUNT
      : memref<?xf32> to memref<128xf32, #gpu.address_space<workgroup>>
  $BETWEEN
  gpu.barrier
  $AFTER
  %next = arith.addi %thread, %c1 : index
  %right = arith.remui %next, %threads : index
  %value = memref.load %tile[%right] : memref<128xf32, #gpu.address_space<workgroup>>
  $LATER
)";
const std::string waiting = R"(
  %group = nvgpu.device_async_create_group
  nvgpu.device_async_wait %group
)";

std::string makeCopies(std::string body) {
  for (const char *place : {"$BEFORE", "$BETWEEN", "$AFTER", "$LATER"})
    body = replace(body, place, "");
  return replace(replace(body, "$FROM", "%thread"), "$COUNT", "1");
}

TEST(Copies, areThereBehindWaitAndBarrier) {
  EXPECT_EQ(findFault(makeCopies(replace(copies, "$BETWEEN", waiting))), "");
  std::string race = "kernel 'f_0': data race at byte 508 of workgroup memory: thread 126 of block "
                     "0 reads what thread 127 of block 0 wrote, with no barrier between the two";
  EXPECT_EQ(findFault(makeCopies(replace(copies, "$AFTER", waiting))), race);
  EXPECT_EQ(findFault(makeCopies(replace(copies, "$LATER", "gpu.barrier\n" + waiting))), race);
}

TEST(Copies, areWaitedFor) {
  EXPECT_EQ(findFault(makeCopies(replace(copies, "%value = memref.load %tile[%right]",
                                         "%value = memref.load %tile[%thread]")),
                      tile, KernelProgram::Silent),
            "kernel 'f_0': thread 127 of block 0 ends without having waited for the copies that it "
            "began");
}

TEST(Copies, doNotOverwriteWhatIsRead) {
  std::string read = R"(
  %before = arith.addi %thread, %c1 : index
  %there = arith.remui %before, %threads : index
  %old = memref.load %tile[%there] : memref<128xf32, #gpu.address_space<workgroup>>
  )";
  std::string body = replace(copies, "$BETWEEN", waiting);
  EXPECT_EQ(findFault(makeCopies(replace(body, "$BEFORE", read + "gpu.barrier"))), "");
  EXPECT_NE(findFault(makeCopies(replace(body, "$BEFORE", read))), "");
}

/// Two numbers at a time, of which the second thread's are not aligned to their size.
TEST(Copies, areAligned) {
  std::string body = replace(replace(copies, "$BETWEEN", waiting), "$COUNT", "2");
  std::string fault = findFault(makeCopies(body), tile, KernelProgram::Silent);
  EXPECT_NE(fault.find("copies 8 bytes asynchronously from"), std::string::npos) << fault;
  EXPECT_NE(fault.find("expected 4, 8 or 16 from global to workgroup memory, aligned to as many"),
            std::string::npos)
      << fault;
}

TEST(Races, memoryOfAThreadIsItsOwn) {
  EXPECT_EQ(findFault(R"(
    %own = memref.alloca() : memref<4xf32>
    %value = arith.constant 1.0 : f32
    memref.store %value, %own[%c1] : memref<4xf32>
    %one = arith.constant 1 : i64
    %other = llvm.alloca %one x f32 : (i64) -> !llvm.ptr
    llvm.store %value, %other : f32, !llvm.ptr
    // One that only the emulator can know: stacks serve one block after another.
    %always = arith.cmpi sge, %thread, %c0 : index
    %either = arith.select %always, %other, %out : !llvm.ptr
    llvm.store %value, %either : f32, !llvm.ptr)"),
            "");
}

TEST(Barriers, allThreadsMustReachThem) {
  std::string body = R"(
    %half = arith.constant 64 : index
    %is_low = arith.cmpi slt, %thread, %half : index
    scf.if %is_low {
      gpu.barrier
    } else {
      $ELSE
    })";
  for (auto watch : {KernelProgram::Silent, KernelProgram::Races}) {
    EXPECT_EQ(findFault(replace(body, "$ELSE", ""), "", watch),
              "kernel 'f_0': divergent barrier in block 0: thread 0 waits at barrier 0, thread 64 "
              "has returned");
    EXPECT_EQ(findFault(replace(body, "$ELSE", "gpu.barrier"), "", watch),
              "kernel 'f_0': divergent barrier in block 0: thread 0 waits at barrier 0, thread 64 "
              "at barrier 1");
  }
}

TEST(Barriers, mayBeReachedByAllThreadsOfSomeBlocks) {
  EXPECT_EQ(findFault(R"(
    %is_even = arith.cmpi ne, %block, %c1 : index
    scf.if %is_even {
      gpu.barrier
    })"),
            "");
}
