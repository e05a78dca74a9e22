// Teams of OpenMP that take tasks from counters. Why not omp.wsloop: docs/rationale/cpu-loops.md.
// Lanes stand in Lanes.cpp.
#include "Team.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

#include "keops-c/program.h"
#include "keops/Conversion/Structs.h"

#include <cstddef>

using namespace mlir;
using namespace keops;
using namespace keops::loops;

//===-- The program -------------------------------------------------------------------------===//

/// Subnormal results of 32 bits may become zero, except at precision high.
static bool mayFlush(func::FuncOp source) {
  auto keepsSubnormals = [](Operation &op) {
    auto reduce = dyn_cast<MapReduceOp>(op);
    return reduce && (reduce.getPrecision() == Precision::High ||
                      getValueType(reduce.getFormulas(0).front()).getElementType().isF64());
  };
  return llvm::none_of(source.getBody().front(), keepsSubnormals);
}

/// How LLVM calls that: of results, not of arguments.
static ArrayAttr flushing(OpBuilder &b) {
  return b.getArrayAttr({b.getStrArrayAttr({"denormal-fp-math", "preserve-sign,ieee"})});
}

static func::FuncOp createBody(OpBuilder &b, func::FuncOp source) {
  b.setInsertionPoint(source);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Type bytes = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  std::string name = (source.getSymName() + "_body").str();
  auto type = b.getFunctionType({pointer, bytes}, {});
  auto function = func::FuncOp::create(b, source.getLoc(), name, type);
  function.setPrivate();
  if (mayFlush(source))
    function->setAttr("passthrough", flushing(b));
  function.addEntryBlock();
  return function;
}

void Team::open(Frame &frame, func::FuncOp source) {
  func::FuncOp function = createBody(frame.b, source);
  frame.b.setInsertionPointToStart(&function.getBody().front());
  frame.args = function.getArgument(0);
  frame.workspace = function.getArgument(1);
  frame.member = frame.index(0);
  Structs reader(frame.b, frame.loc);
  frame.inputs = reader.readPointer(frame.args, offsetof(keops_args, inputs));
  frame.outputs = reader.readPointer(frame.args, offsetof(keops_args, outputs));
}

void Team::close(Frame &frame) { func::ReturnOp::create(frame.b, frame.loc); }

void Team::forItemsAtHand(Frame &frame, Body body) {
  Value groups = frame.ceilDiv(frame.items, frame.itemsAtOnce);
  sequentialFor(frame, frame.index(0), groups, [&](Value group) {
    frame.firstItem = frame.mul(group, frame.itemsAtOnce);
    frame.itemsAtHand = frame.min(frame.sub(frame.items, frame.firstItem), frame.itemsAtOnce);
    unlessStopped(frame, body);
  });
}

//===-- Regions -----------------------------------------------------------------------------===//

static void resetCounters(Frame &frame, Value counters, int64_t count) {
  Value zero = arith::ConstantIntOp::create(frame.b, frame.loc, 0, 64);
  for (int64_t k = 0; k < count; ++k)
    memref::StoreOp::create(frame.b, frame.loc, zero, counters, ValueRange{frame.index(k)});
}

/// The value of a counter, an i64, which is one more afterwards: no two threads get the same.
static Value takeNumber(Frame &frame, Value counters, Value counter) {
  Value one = arith::ConstantIntOp::create(frame.b, frame.loc, 1, 64);
  return memref::AtomicRMWOp::create(frame.b, frame.loc, one.getType(), arith::AtomicRMWKind::addi,
                                     one, counters, ValueRange{counter});
}

/// Views of the workspace and reads of keops_args, which stand where a function begins. Arithmetic
/// is left outside: LLVM would carry it into the addresses of all loops, and take long over that.
static bool canRepeat(Operation *op) {
  return isa_and_nonnull<memref::ViewOp, LLVM::LoadOp, LLVM::GEPOp, arith::IndexCastOp,
                         arith::ConstantOp>(op) &&
         (isPure(op) || isa<func::FuncOp>(op->getParentOp()));
}

static Value repeat(Value value, OpBuilder &b, IRMapping &inside) {
  Operation *op = value.getDefiningOp();
  if (inside.contains(value) || !canRepeat(op))
    return inside.lookupOrDefault(value);
  for (Value operand : op->getOperands())
    inside.map(operand, repeat(operand, b, inside));
  b.clone(*op, inside);
  return inside.lookup(value);
}

/// A region takes what it uses along through memory, one by one, and descriptors whole: they are
/// better made again inside.
static void repeatInside(OpBuilder &b, Region &region) {
  SetVector<Value> outside;
  getUsedValuesDefinedAbove(region, outside);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&region.front());
  IRMapping inside;
  for (Value value : outside)
    replaceAllUsesInRegionWith(value, repeat(value, b, inside), region);
}

void Team::region(Frame &frame, Value counters, int64_t count, Body body) {
  if (!parallel)
    return body();
  resetCounters(frame, counters, count + 1);
  omp::ParallelOperands clauses;
  clauses.numThreads = frame.members;
  auto team = omp::ParallelOp::create(frame.b, frame.loc, clauses);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.createBlock(&team.getRegion());
  Value outside = frame.member;
  frame.member = arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getIndexType(),
                                            takeNumber(frame, counters, frame.index(count)));
  body();
  frame.member = outside;
  omp::TerminatorOp::create(frame.b, frame.loc);
  repeatInside(frame.b, team.getRegion());
}

//===-- Tasks -------------------------------------------------------------------------------===//

/// Takes the next task from a shared counter until there is none.
static void takeTasks(Frame &frame, Value count, Value counters, Value counter,
                      function_ref<void(Value)> body) {
  OpBuilder &b = frame.b;
  Type integer = b.getI64Type();
  Value end = arith::IndexCastOp::create(b, frame.loc, integer, count);
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::WhileOp::create(b, frame.loc, TypeRange{integer}, ValueRange{});
  b.createBlock(&loop.getBefore());
  Value task = takeNumber(frame, counters, counter);
  Value more = arith::CmpIOp::create(b, frame.loc, arith::CmpIPredicate::slt, task, end);
  scf::ConditionOp::create(b, frame.loc, more, ValueRange{task});
  Block *after = b.createBlock(&loop.getAfter(), {}, {integer}, {frame.loc});
  body(arith::IndexCastOp::create(b, frame.loc, b.getIndexType(), after->getArgument(0)));
  scf::YieldOp::create(b, frame.loc);
}

void Team::forEachTask(Frame &frame, Value count, Value counters, int64_t counter, Each body) {
  if (parallel) {
    takeTasks(frame, count, counters, frame.index(counter), body);
    omp::BarrierOp::create(frame.b, frame.loc);
    return;
  }
  sequentialFor(frame, frame.index(0), count, body);
}

void Team::forEachRowTask(Frame &frame, Value size, int64_t most, Value counters, int64_t counter,
                          EachPart body) {
  Value parts = frame.ceilDiv(size, most), rows = frame.index(most);
  forEachTask(frame, frame.mul(frame.itemsAtHand, parts), counters, counter, [&](Value task) {
    unlessStopped(frame, [&] {
      Value begin = frame.mul(frame.rem(task, parts), rows);
      body(frame.item(frame.div(task, parts)), begin, frame.min(frame.add(begin, rows), size));
    });
  });
}

Value Team::comesLast(Frame &frame, Value table, Value slot, Value others) {
  Value before = takeNumber(frame, table, slot);
  Value count = arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getI64Type(), others);
  return arith::CmpIOp::create(frame.b, frame.loc, arith::CmpIPredicate::eq, before, count);
}

Value Team::isStopped(Frame &frame) {
  auto call = func::CallOp::create(frame.b, frame.loc, "keops_should_stop", frame.b.getI1Type(),
                                   ValueRange{frame.args});
  return call.getResult(0);
}
