// Workspace regions, row access and whole-vector access for the CPU lowering.
#include "Storage.h"

#include "keops/IR/Emitter.h"
#include "keops/IR/StorageTypes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace keops;
using namespace keops::cpu;

Value Frame::index(int64_t k) { return arith::ConstantIndexOp::create(b, loc, k); }
// Folded, because what is not emitted is not carried through all conversions.
Value Frame::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value Frame::sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value Frame::mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value Frame::div(Value x, Value y) { return b.createOrFold<arith::DivSIOp>(loc, x, y); }
Value Frame::rem(Value x, Value y) { return b.createOrFold<arith::RemSIOp>(loc, x, y); }
Value Frame::min(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(loc, x, y); }
Value Frame::max(Value x, Value y) { return b.createOrFold<arith::MaxSIOp>(loc, x, y); }
Value Frame::ceilDiv(Value x, int64_t by) { return div(add(x, index(by - 1)), index(by)); }
Value Frame::ceilDiv(Value x, Value by) { return div(add(x, sub(by, index(1))), by); }
Value Frame::size(Placement placement) {
  return placement == Placement::P ? index(1) : placement == Placement::I ? sizeI : sizeJ;
}
Value Frame::loadIndex(Value table, Value at) {
  Value number;
  if (isa<MemRefType>(table.getType())) {
    number = memref::LoadOp::create(b, loc, table, at);
  } else {
    Value offset = arith::IndexCastOp::create(b, loc, b.getI64Type(), at);
    Value place = LLVM::GEPOp::create(b, loc, table.getType(), b.getI64Type(), table,
                                      ArrayRef<LLVM::GEPArg>{offset});
    number = LLVM::LoadOp::create(b, loc, b.getI64Type(), place);
  }
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
}
void Frame::storeIndex(Value number, Value memref, Value at) {
  Value stored = arith::IndexCastOp::create(b, loc, b.getI64Type(), number);
  memref::StoreOp::create(b, loc, stored, memref, at);
}

//===-- Workspace ---------------------------------------------------------------------------===//

Workspace::Workspace(Frame &frame) : frame(frame), offset(frame.index(0)) {}

LinearSize LinearSize::ofRows(Placement rows, int64_t each) {
  LinearSize size;
  (rows == Placement::P ? size.perItem : rows == Placement::I ? size.perI : size.perJ) = each;
  return size;
}

LinearSize LinearSize::ofBlocks(Placement kept, int64_t each) {
  LinearSize size;
  (kept == Placement::I ? size.perBlockI : size.perBlockJ) = each;
  return size;
}

Value Workspace::bytesOf(const LinearSize &size) {
  auto times = [&](int64_t each, Value count) { return frame.mul(count, frame.index(each)); };
  Value item = frame.index(size.perItem);
  if (size.perI)
    item = frame.add(item, times(size.perI, frame.sizeI));
  if (size.perJ)
    item = frame.add(item, times(size.perJ, frame.sizeJ));
  if (size.perBlockI)
    item = frame.add(item, times(size.perBlockI, frame.workI.blockCount));
  if (size.perBlockJ)
    item = frame.add(item, times(size.perBlockJ, frame.workJ.blockCount));
  Value bytes = frame.add(frame.index(size.constant), frame.mul(item, frame.itemsAtOnce));
  if (!size.perThread)
    return bytes;
  Value threads =
      arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getIndexType(), frame.threads);
  return frame.add(bytes, times(size.perThread, frame.max(threads, frame.index(1))));
}

Value Workspace::allocate(Type element, LinearSize bytes) {
  constexpr int64_t alignment = 64;
  bytes.constant += alignment - 1;
  Value size = bytesOf(bytes);
  size = arith::AndIOp::create(frame.b, frame.loc, size, frame.index(-alignment));
  int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
  Value count = arith::DivSIOp::create(frame.b, frame.loc, size, frame.index(elementBytes));
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  Value view =
      memref::ViewOp::create(frame.b, frame.loc, type, frame.workspace, offset, ValueRange{count});
  offset = frame.add(offset, size);
  used = used + bytes;
  return view;
}

//===-- Rows --------------------------------------------------------------------------------===//

Value cpu::toValue(Frame &frame, OpFoldResult k) {
  if (auto constant = getConstantIntValue(k))
    return frame.index(*constant);
  return cast<Value>(k);
}

Rows Rows::of(Frame &frame, const Item &item) const {
  Rows rows = *this;
  if (array < 0) {
    rows.itemBegin = frame.mul(item.atHand, itemLength);
  } else {
    Value at = frame.add(frame.mul(item.number, frame.index(frame.arrays)), frame.index(array));
    rows.itemBegin = frame.loadIndex(frame.itemOffsets, at);
  }
  return rows;
}

Value Rows::load(Frame &frame, Value row, OpFoldResult component) const {
  Value stored = memref::LoadOp::create(frame.b, frame.loc, memref,
                                        ValueRange{itemBegin, row, toValue(frame, component)});
  Type computed = getComputeType(stored.getType());
  return computed == stored.getType()
             ? stored
             : arith::ExtFOp::create(frame.b, frame.loc, computed, stored).getResult();
}

void Rows::store(Frame &frame, Value value, Value row, Value component) const {
  Type storage = cast<MemRefType>(memref.getType()).getElementType();
  if (storage != value.getType())
    value = arith::TruncFOp::create(frame.b, frame.loc, storage, value);
  memref::StoreOp::create(frame.b, frame.loc, value, memref, ValueRange{itemBegin, row, component});
}

/// A region of the workspace as elements, rows and components.
static Value asRows(Frame &frame, Value region, int64_t dim) {
  auto element = cast<MemRefType>(region.getType()).getElementType();
  auto layout = StridedLayoutAttr::get(element.getContext(), 0, {1, dim, 1});
  constexpr int64_t dynamic = ShapedType::kDynamic;
  auto type = MemRefType::get({dynamic, dynamic, dim}, element, layout);
  OpFoldResult count = memref::DimOp::create(frame.b, frame.loc, region, 0).getResult();
  Attribute zero = frame.b.getIndexAttr(0), one = frame.b.getIndexAttr(1),
            width = frame.b.getIndexAttr(dim);
  return memref::ReinterpretCastOp::create(frame.b, frame.loc, type, region, zero,
                                           ArrayRef<OpFoldResult>{count, count, width},
                                           ArrayRef<OpFoldResult>{one, width, one});
}

Rows cpu::allocateRows(Frame &frame, Workspace &workspace, ValueType type) {
  int64_t dim = type.getDim(), bytes = dim * type.getElementType().getIntOrFloatBitWidth() / 8;
  Placement placement = type.getPlacement();
  Value region = workspace.allocate(type.getElementType(), LinearSize::ofRows(placement, bytes));
  return {asRows(frame, region, dim), -1, frame.mul(frame.size(placement), frame.index(dim)), {}};
}

//===-- Vectors -----------------------------------------------------------------------------===//

static VectorType rowType(Type type) {
  auto vector = cast<VectorType>(type);
  return VectorType::get({vector.getDimSize(1)}, vector.getElementType());
}

static Value buildByRows(Frame &frame, Type type, function_ref<Value(int64_t)> row) {
  auto zero = frame.b.getZeroAttr(type);
  Value value = arith::ConstantOp::create(frame.b, frame.loc, cast<TypedAttr>(zero));
  for (int64_t r = 0; r < cast<VectorType>(type).getDimSize(0); ++r)
    value = vector::InsertOp::create(frame.b, frame.loc, row(r), value, r);
  return value;
}

Value cpu::loadVector(Frame &frame, Type type, Value memref, Value offset) {
  VectorType lanes = rowType(type);
  return buildByRows(frame, type, [&](int64_t r) -> Value {
    Value at = frame.add(offset, frame.index(r * lanes.getDimSize(0)));
    return vector::LoadOp::create(frame.b, frame.loc, lanes, memref, at);
  });
}

void cpu::storeVector(Frame &frame, Value value, Value memref, Value offset) {
  VectorType lanes = rowType(value.getType());
  for (int64_t r = 0; r < cast<VectorType>(value.getType()).getDimSize(0); ++r) {
    Value row = vector::ExtractOp::create(frame.b, frame.loc, value, r);
    Value at = frame.add(offset, frame.index(r * lanes.getDimSize(0)));
    vector::StoreOp::create(frame.b, frame.loc, row, memref, at);
  }
}

Value cpu::gatherVector(Frame &frame, Type type, Value memref, Value offsets) {
  VectorType lanes = rowType(type);
  auto maskType = VectorType::get(lanes.getShape(), frame.b.getI1Type());
  Value all = arith::ConstantOp::create(frame.b, frame.loc, DenseElementsAttr::get(maskType, true));
  Value none =
      arith::ConstantOp::create(frame.b, frame.loc, cast<TypedAttr>(frame.b.getZeroAttr(lanes)));
  return buildByRows(frame, type, [&](int64_t r) -> Value {
    Value row = vector::ExtractOp::create(frame.b, frame.loc, offsets, r);
    return vector::GatherOp::create(frame.b, frame.loc, lanes, memref, ValueRange{frame.index(0)},
                                    row, all, none);
  });
}

void cpu::forEachComponent(Frame &frame, int64_t dim, function_ref<void(OpFoldResult)> body) {
  if (dim <= Emitter::unrollLimit) {
    for (int64_t k = 0; k < dim; ++k)
      body(frame.b.getIndexAttr(k));
    return;
  }
  sequentialFor(frame, frame.index(0), frame.index(dim), [&](Value k) { body(k); });
}
