// Workspace regions, row access and whole-vector access for the lowering to loops.
#include "Storage.h"

#include "keops-c/program.h"
#include "keops/Conversion/Structs.h"
#include "keops/IR/Emitter.h"
#include "keops/IR/StorageTypes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cstddef>

using namespace mlir;
using namespace keops;
using namespace keops::loops;

Value Frame::index(int64_t k) { return arith::ConstantIndexOp::create(b, loc, k); }
/// `value` as a sum of a value and a constant, which is 0 if it has none.
static std::pair<Value, int64_t> splitConstant(Value value) {
  if (auto sum = value.getDefiningOp<arith::AddIOp>(); sum && value.getType().isIndex())
    if (std::optional<int64_t> constant = getConstantIntValue(sum.getRhs()))
      return {sum.getLhs(), *constant};
  return {value, 0};
}
// Folded, because what is not emitted is not carried through all conversions. Constants are added
// last, so that places side by side are computed from the same value, whose offsets they become.
static Value addConstant(Frame &frame, Value value, int64_t constant) {
  if (!constant)
    return value;
  return frame.b.createOrFold<arith::AddIOp>(frame.loc, value, frame.index(constant));
}
Value Frame::add(Value x, Value y) {
  auto [before, first] = splitConstant(x);
  auto [after, second] = splitConstant(y);
  return addConstant(*this, b.createOrFold<arith::AddIOp>(loc, before, after), first + second);
}
Value Frame::sub(Value x, Value y) {
  auto [before, first] = splitConstant(x);
  auto [after, second] = splitConstant(y);
  return addConstant(*this, b.createOrFold<arith::SubIOp>(loc, before, after), first - second);
}
Value Frame::mul(Value x, Value y) {
  auto [value, constant] = splitConstant(x);
  std::optional<int64_t> by = getConstantIntValue(y);
  if (!by || !constant)
    return b.createOrFold<arith::MulIOp>(loc, x, y);
  return addConstant(*this, b.createOrFold<arith::MulIOp>(loc, value, y), constant * *by);
}
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
    number = LLVM::LoadOp::create(b, loc, b.getI64Type(), address(b.getI64Type(), table, at));
  }
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
}
Value Frame::address(Type element, Value pointer, Value at) {
  Value offset = arith::IndexCastOp::create(b, loc, b.getI64Type(), at);
  return LLVM::GEPOp::create(b, loc, pointer.getType(), element, pointer,
                             ArrayRef<LLVM::GEPArg>{offset});
}
void Frame::storeIndex(Value number, Value memref, Value at) {
  Value stored = arith::IndexCastOp::create(b, loc, b.getI64Type(), number);
  memref::StoreOp::create(b, loc, stored, memref, at);
}

//===-- Arguments ---------------------------------------------------------------------------===//

static Value readIndex(Frame &frame, Value base, int64_t offset) {
  Value number = Structs(frame.b, frame.loc).readI64(base, offset);
  return arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getIndexType(), number);
}

static WorkTable readWork(Frame &frame, unsigned kept) {
  int64_t base = offsetof(keops_args, work) + kept * static_cast<int64_t>(sizeof(keops_work));
  Structs reader(frame.b, frame.loc);
  return {readIndex(frame, frame.args, base + offsetof(keops_work, block_count)),
          readIndex(frame, frame.args, base + offsetof(keops_work, most_terms)),
          reader.readPointer(frame.args, base + offsetof(keops_work, blocks)),
          reader.readPointer(frame.args, base + offsetof(keops_work, intervals))};
}

void loops::readArguments(Frame &frame) {
  Structs reader(frame.b, frame.loc);
  frame.sizeI = readIndex(frame, frame.args, offsetof(keops_args, size_i));
  frame.sizeJ = readIndex(frame, frame.args, offsetof(keops_args, size_j));
  // OpenMP would take what is less than one for any number, and the workspace has room for so many.
  Value threads = reader.read(frame.b.getI32Type(), frame.args, offsetof(keops_args, threads));
  Value one = arith::ConstantIntOp::create(frame.b, frame.loc, 1, 32);
  frame.members = arith::MaxSIOp::create(frame.b, frame.loc, threads, one);
  frame.items = readIndex(frame, frame.args, offsetof(keops_args, items));
  frame.itemsAtOnce = readIndex(frame, frame.args, offsetof(keops_args, items_at_once));
  frame.itemOffsets = reader.readPointer(frame.args, offsetof(keops_args, item_offsets));
  frame.workI = readWork(frame, 0);
  frame.workJ = readWork(frame, 1);
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

LinearSize LinearSize::ofMembers(int64_t each) {
  constexpr int64_t cacheLine = 64;
  LinearSize size;
  size.perMember = llvm::alignTo(each, cacheLine);
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
  if (!size.perMember)
    return bytes;
  Value members =
      arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getIndexType(), frame.members);
  return frame.add(bytes, times(size.perMember, members));
}

/// Every region begins where a line of the cache does.
static constexpr int64_t alignment = 64;

Value Workspace::allocate(Type element, LinearSize bytes) {
  bytes.constant += alignment - 1;
  used = used + bytes;
  return takeRegion(element, bytesOf(bytes));
}

/// At least as many as there are; the manifest's reader counts in the same way. Of each block one
/// tile may not be full.
Value loops::countUsefulPieces(Frame &frame, Value terms, int64_t leastTerms) {
  Value most = frame.min(frame.ceilDiv(terms, leastTerms), frame.index(KEOPS_MOST_PIECES));
  return frame.max(most, frame.index(1));
}

Value Workspace::countPieces(const PieceSize &pieces) {
  const WorkTable &work = frame.work(pieces.kept);
  Value full = frame.div(frame.size(pieces.kept), frame.index(pieces.tileRows));
  Value tiles = frame.add(full, work.blockCount);
  Value useful = countUsefulPieces(frame, work.mostTerms, pieces.leastTerms);
  return frame.max(tiles, frame.min(frame.index(pieces.split), frame.mul(tiles, useful)));
}

Value Workspace::allocate(Type element, const PieceSize &pieces) {
  used.constant += alignment - 1;
  allPieces.push_back(pieces);
  Value count = frame.mul(countPieces(pieces), frame.itemsAtOnce);
  Value bytes = frame.mul(count, frame.index(pieces.bytes));
  return takeRegion(element, frame.add(bytes, frame.index(alignment - 1)));
}

void Workspace::describe(llvm::raw_ostream &os) const {
  os << "workspace " << used.constant << " " << used.perMember << " " << used.perItem << " "
     << used.perI << " " << used.perJ << " " << used.perBlockI << " " << used.perBlockJ << "\n";
  for (const PieceSize &pieces : allPieces)
    os << "pieces " << stringifyPlacement(pieces.kept) << " " << pieces.tileRows << " "
       << pieces.leastTerms << " " << pieces.split << " " << pieces.bytes << "\n";
}

Value Workspace::takeRegion(Type element, Value bytes) {
  Value size = frame.b.createOrFold<arith::AndIOp>(frame.loc, bytes, frame.index(-alignment));
  // Nobody reads the length of a region. One that is computed would be carried into every loop.
  Value length = frame.index(INT64_MAX);
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  Value view = memref::ViewOp::create(frame.b, frame.loc, type, frame.workspace, offset, length);
  offset = frame.add(offset, size);
  return view;
}

//===-- Rows --------------------------------------------------------------------------------===//

Value loops::toValue(Frame &frame, OpFoldResult k) {
  if (auto constant = getConstantIntValue(k))
    return frame.index(*constant);
  return cast<Value>(k);
}

Rows Rows::inWorkspace(Value region, Value rowLength, Value itemLength) {
  Rows rows;
  rows.region = region;
  rows.rowStride = rowLength;
  rows.itemLength = itemLength;
  return rows;
}

Rows Rows::ofCaller(int64_t array, Type storage) {
  Rows rows;
  rows.array = array;
  rows.storage = storage;
  return rows;
}

Rows Rows::of(Frame &frame, const Item &item) const {
  Rows rows = *this;
  if (region) {
    rows.begin = frame.mul(item.atHand, itemLength);
    return rows;
  }
  bool isInput = array < frame.inputCount;
  Structs reader(frame.b, frame.loc);
  Value arrays = isInput ? frame.inputs : frame.outputs;
  int64_t at = (isInput ? array : array - frame.inputCount) * int64_t(sizeof(keops_array));
  Value number = frame.mul(item.number, frame.index(frame.inputCount + frame.outputCount));
  Value toItem = frame.loadIndex(frame.itemOffsets, frame.add(number, frame.index(array)));
  rows.begin =
      frame.address(storage, reader.readPointer(arrays, at + offsetof(keops_array, data)), toItem);
  rows.rowStride = readIndex(frame, arrays, at + offsetof(keops_array, row_stride));
  rows.componentStride = readIndex(frame, arrays, at + offsetof(keops_array, component_stride));
  return rows;
}

Value Rows::offset(Frame &frame, Value row, Value component) const {
  Value inRow = componentStride ? frame.mul(component, componentStride) : component;
  return frame.add(frame.mul(row, rowStride), inRow);
}

Value Rows::load(Frame &frame, Value row, OpFoldResult component) const {
  Value at = offset(frame, row, toValue(frame, component));
  if (region)
    return memref::LoadOp::create(frame.b, frame.loc, region, frame.add(begin, at));
  Value stored =
      LLVM::LoadOp::create(frame.b, frame.loc, storage, frame.address(storage, begin, at));
  Type computed = getComputeType(storage);
  return computed == storage
             ? stored
             : arith::ExtFOp::create(frame.b, frame.loc, computed, stored).getResult();
}

void Rows::store(Frame &frame, Value value, Value row, Value component) const {
  Value at = offset(frame, row, component);
  if (region) {
    memref::StoreOp::create(frame.b, frame.loc, value, region, frame.add(begin, at));
    return;
  }
  if (storage != value.getType())
    value = arith::TruncFOp::create(frame.b, frame.loc, storage, value);
  LLVM::StoreOp::create(frame.b, frame.loc, value, frame.address(storage, begin, at));
}

Rows loops::allocateRows(Frame &frame, Workspace &workspace, ValueType type) {
  int64_t dim = type.getDim(), bytes = dim * type.getElementType().getIntOrFloatBitWidth() / 8;
  Placement placement = type.getPlacement();
  Value region = workspace.allocate(type.getElementType(), LinearSize::ofRows(placement, bytes));
  Value width = frame.index(dim);
  return Rows::inWorkspace(region, width, frame.mul(frame.size(placement), width));
}

//===-- Values ------------------------------------------------------------------------------===//

Value loops::splat(Frame &frame, Type type, Value scalar) {
  return isa<VectorType>(type) ? vector::BroadcastOp::create(frame.b, frame.loc, type, scalar)
                               : scalar;
}

void loops::forEachComponent(Frame &frame, int64_t dim, function_ref<void(OpFoldResult)> body) {
  if (dim <= Emitter::unrollLimit) {
    for (int64_t k = 0; k < dim; ++k)
      body(frame.b.getIndexAttr(k));
    return;
  }
  sequentialFor(frame, frame.index(0), frame.index(dim), [&](Value k) { body(k); });
}
