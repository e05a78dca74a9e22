// The lanes of a tile as vectors: vector<RxLxT>, or vector<LxT> where that is one row, for which
// arrays of vectors would cost LLVM an extraction and an insertion for each operation.
#include "Team.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

Type Team::tileType(int64_t rows, int64_t lanes, Type element) {
  return rows == 1 ? VectorType::get({lanes}, element) : VectorType::get({rows, lanes}, element);
}

int64_t Team::rowsOf(Frame &, Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}

Value Team::numberRows(Frame &frame, Type type) {
  SmallVector<int64_t> rows = llvm::to_vector(llvm::seq<int64_t>(0, rowsOf(frame, type)));
  return arith::ConstantOp::create(frame.b, frame.loc,
                                   DenseIntElementsAttr::get(cast<VectorType>(type), rows));
}

static int64_t countRows(Type type) {
  auto vector = cast<VectorType>(type);
  return vector.getRank() == 1 ? 1 : vector.getDimSize(0);
}

static VectorType rowType(Type type) {
  auto vector = cast<VectorType>(type);
  return VectorType::get(vector.getShape().take_back(), vector.getElementType());
}

static Value buildByRows(Frame &frame, Type type, function_ref<Value(int64_t)> row) {
  if (type == rowType(type))
    return row(0);
  auto zero = frame.b.getZeroAttr(type);
  Value value = arith::ConstantOp::create(frame.b, frame.loc, cast<TypedAttr>(zero));
  for (int64_t r = 0; r < countRows(type); ++r)
    value = vector::InsertOp::create(frame.b, frame.loc, row(r), value, r);
  return value;
}

static Value getRow(Frame &frame, Value value, int64_t r) {
  if (value.getType() == rowType(value.getType()))
    return value;
  return vector::ExtractOp::create(frame.b, frame.loc, value, r);
}

Value Team::join(Frame &frame, Type type, ValueRange parts) {
  int64_t rows = countRows(parts.front().getType());
  return buildByRows(frame, type,
                     [&](int64_t r) { return getRow(frame, parts[r / rows], r % rows); });
}

Value Team::part(Frame &frame, Type type, Value whole, int64_t number) {
  int64_t first = number * countRows(type);
  return buildByRows(frame, type, [&](int64_t r) { return getRow(frame, whole, first + r); });
}

/// Rows stand side by side for each component here.
Value Team::load(Frame &frame, Type type, Value memref, Value offset, int64_t) {
  if (!isa<VectorType>(type))
    return memref::LoadOp::create(frame.b, frame.loc, memref, offset);
  VectorType lanes = rowType(type);
  return buildByRows(frame, type, [&](int64_t r) -> Value {
    Value at = frame.add(offset, frame.index(r * lanes.getNumElements()));
    return vector::LoadOp::create(frame.b, frame.loc, lanes, memref, at);
  });
}

void Team::store(Frame &frame, Value value, Value memref, Value offset) {
  if (!isa<VectorType>(value.getType())) {
    memref::StoreOp::create(frame.b, frame.loc, value, memref, offset);
    return;
  }
  VectorType lanes = rowType(value.getType());
  for (int64_t r = 0; r < countRows(value.getType()); ++r) {
    Value at = frame.add(offset, frame.index(r * lanes.getNumElements()));
    vector::StoreOp::create(frame.b, frame.loc, getRow(frame, value, r), memref, at);
  }
}

Value Team::gather(Frame &frame, Type type, Value memref, Value offsets) {
  VectorType lanes = rowType(type);
  auto maskType = VectorType::get(lanes.getShape(), frame.b.getI1Type());
  Value all = arith::ConstantOp::create(frame.b, frame.loc, DenseElementsAttr::get(maskType, true));
  Value none =
      arith::ConstantOp::create(frame.b, frame.loc, cast<TypedAttr>(frame.b.getZeroAttr(lanes)));
  return buildByRows(frame, type, [&](int64_t r) -> Value {
    return vector::GatherOp::create(frame.b, frame.loc, lanes, memref, ValueRange{frame.index(0)},
                                    getRow(frame, offsets, r), all, none);
  });
}

/// The value passes through memory, whose elements can be taken by number.
void Team::scatter(Frame &frame, Value value, Value count, Value memref, Value offset,
                   EachElement body) {
  store(frame, value, memref, offset);
  sequentialFor(frame, frame.index(0), count, [&](Value row) {
    body(row, memref::LoadOp::create(frame.b, frame.loc, memref, frame.add(offset, row)));
  });
}
