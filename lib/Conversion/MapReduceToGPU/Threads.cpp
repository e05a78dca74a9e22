// Lanes as threads of a block: each has one value, or a vector of one value for each of its rows.
// Memory that they share.
#include "Grid.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

Type Grid::tileType(int64_t rows, int64_t, Type element) {
  return rows == 1 ? element : Type(VectorType::get({rows}, element));
}

static int64_t countElements(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}

int64_t Grid::rowsOf(Frame &frame, Type type) { return countElements(type) * frame.lanes; }

Value Grid::rowOf(Frame &frame, int64_t r) {
  return frame.add(frame.index(r * frame.lanes), thread);
}

/// A value of `type` from its elements.
static Value build(Frame &frame, Type type, function_ref<Value(int64_t)> element) {
  if (!isa<VectorType>(type))
    return element(0);
  SmallVector<Value> elements;
  for (int64_t r = 0; r < countElements(type); ++r)
    elements.push_back(element(r));
  return vector::FromElementsOp::create(frame.b, frame.loc, cast<VectorType>(type), elements);
}

static Value getElement(Frame &frame, Value value, int64_t r) {
  if (!isa<VectorType>(value.getType()))
    return value;
  return vector::ExtractOp::create(frame.b, frame.loc, value, r);
}

Value Grid::join(Frame &frame, Type type, ValueRange parts) {
  int64_t rows = countElements(parts.front().getType());
  return build(frame, type,
               [&](int64_t r) { return getElement(frame, parts[r / rows], r % rows); });
}

Value Grid::part(Frame &frame, Type type, Value whole, int64_t number) {
  int64_t first = number * countElements(type);
  return build(frame, type, [&](int64_t r) { return getElement(frame, whole, first + r); });
}

/// Neighbouring threads have neighbouring elements.
Value Grid::load(Frame &frame, Type type, Value memref, Value offset, int64_t stride) {
  return build(frame, type, [&](int64_t r) -> Value {
    Value at = frame.add(offset, frame.mul(rowOf(frame, r), frame.index(stride)));
    return memref::LoadOp::create(frame.b, frame.loc, memref, at);
  });
}

void Grid::store(Frame &frame, Value value, Value memref, Value offset) {
  for (int64_t r = 0; r < countElements(value.getType()); ++r)
    memref::StoreOp::create(frame.b, frame.loc, getElement(frame, value, r), memref,
                            frame.add(offset, rowOf(frame, r)));
}

Value Grid::gather(Frame &frame, Type type, Value memref, Value offsets) {
  return build(frame, type, [&](int64_t r) -> Value {
    Value at = arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getIndexType(),
                                          getElement(frame, offsets, r));
    return memref::LoadOp::create(frame.b, frame.loc, memref, at);
  });
}

Value Grid::numberRows(Frame &frame, Type type) {
  return build(frame, type, [&](int64_t r) -> Value {
    return arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getI64Type(), rowOf(frame, r));
  });
}

void Grid::forEachRow(Frame &frame, Value count, Each body) {
  strideLoop(frame, thread, count, frame.index(frame.lanes), body);
}

void Grid::scatter(Frame &frame, Value value, Value count, Value, Value, EachElement body) {
  for (int64_t r = 0; r < countElements(value.getType()); ++r) {
    Value row = rowOf(frame, r);
    Value exists = arith::CmpIOp::create(frame.b, frame.loc, arith::CmpIPredicate::slt, row, count);
    onlyIf(frame, exists, [&] { body(row, getElement(frame, value, r)); });
  }
}

//===-- Shared memory -----------------------------------------------------------------------===//

/// A whole row is read by the widest loads that its length allows, of at most 16 bytes.
int64_t Grid::componentsOfLoad(Type element, int64_t components) {
  constexpr int64_t widest = 16;
  int64_t most = widest * 8 / element.getIntOrFloatBitWidth();
  return std::clamp<int64_t>(llvm::PowerOf2Ceil(components), 1, most);
}

Value Grid::allocateShared(Frame &frame, Type element, int64_t count) {
  auto space = gpu::AddressSpaceAttr::get(frame.b.getContext(), gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get({count}, element, MemRefLayoutAttrInterface(), space);
  return kernel.addWorkgroupAttribution(type, frame.loc);
}

/// Two stages, and the little that blocks need to agree, fit into what every chip has, and leave
/// room for other blocks.
static constexpr int64_t mostBytesOfStage = 16 << 10;

Value Grid::allocateStage(Frame &frame, Type element, int64_t count) {
  int64_t bytes = count * element.getIntOrFloatBitWidth() / 8;
  return bytes <= mostBytesOfStage ? allocateShared(frame, element, count) : Value();
}

static Type tokenType(Frame &frame) {
  return nvgpu::DeviceAsyncTokenType::get(frame.b.getContext());
}

static void copyElements(Frame &frame, const StageCopy &copy, Value k) {
  nvgpu::DeviceAsyncCopyOp::create(frame.b, frame.loc, tokenType(frame), copy.to,
                                   frame.add(copy.at, k), copy.from, frame.add(copy.begin, k),
                                   frame.b.getIndexAttr(copy.together), /*srcElements=*/Value(),
                                   /*bypassL1=*/UnitAttr());
}

/// A loop has more variables than a few copies that are written out.
void Grid::beginCopy(Frame &frame, const StageCopy &copy) {
  constexpr int64_t mostWrittenOut = 4;
  int64_t ofAll = frame.lanes * copy.together;
  Value first = frame.mul(thread, frame.index(copy.together));
  if (copy.most > mostWrittenOut * ofAll)
    return strideLoop(frame, first, copy.count, frame.index(ofAll),
                      [&](Value k) { copyElements(frame, copy, k); });
  for (int64_t begin = 0; begin < copy.most; begin += ofAll) {
    Value k = frame.add(first, frame.index(begin));
    Value exists =
        arith::CmpIOp::create(frame.b, frame.loc, arith::CmpIPredicate::slt, k, copy.count);
    onlyIf(frame, exists, [&] { copyElements(frame, copy, k); });
  }
}

void Grid::waitForCopies(Frame &frame) {
  Value all =
      nvgpu::DeviceAsyncCreateGroupOp::create(frame.b, frame.loc, tokenType(frame), ValueRange());
  nvgpu::DeviceAsyncWaitOp::create(frame.b, frame.loc, all, /*numGroups=*/IntegerAttr());
}

void Grid::waitForLanes(Frame &frame) { gpu::BarrierOp::create(frame.b, frame.loc); }
