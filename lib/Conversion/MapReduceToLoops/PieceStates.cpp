// Plans the memory of states, and reads and writes it.
#include "PieceStates.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

//===-- Plan --------------------------------------------------------------------------------===//

PieceStates::PieceStates(Traversal &traversal) : tiles(traversal), frame(traversal.frame) {
  planSlices();
  tiles.sharedOffset = vectors[PassingSlot];
  vectors[PassingSlot] += tiles.shared.size() * tiles.schedule.getBlock();
  // Outputs leave through one vector of each of their kinds.
  ++vectors[ValueSlot], ++vectors[IndexSlot];
}

void PieceStates::planSlices() {
  unsigned formula = 0;
  for (auto [r, attr] : llvm::enumerate(tiles.op.getReduceAttrs())) {
    SmallVector<Value> formulas = tiles.op.getFormulas(r);
    TypeRange types = TypeRange(ValueRange(formulas));
    int64_t dim = getReducedDim(types), width = std::min<int64_t>(dim, tiles.chunk);
    chunks = std::max(chunks, (dim + width - 1) / width);
    Slice slice{Reduction::create(attr, width, types), formula, 0, 0, {}, {}};
    planScratch(slice);
    planState(slice);
    allSlices.push_back(std::move(slice));
    formula += formulas.size();
  }
}

void PieceStates::planScratch(Slice &slice) {
  for (ScratchArray array : slice.reduction->scratch(tiles.schedule.getBlock())) {
    SlotKind kind = array.passing ? PassingSlot : array.index ? IndexSlot : ValueSlot;
    slice.scratchOffsets.push_back(vectors[kind]);
    slice.scratchKinds.push_back(kind);
    vectors[kind] += array.count;
  }
}

SlotKind PieceStates::kindOf(Traversal &traversal, Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isInteger() ? IndexSlot : element == traversal.element() ? ValueSlot : WideSlot;
}

/// State types tell the kinds of its slots; they are found by emitting the initial state into a
/// detached block.
static SmallVector<SlotKind> findStateKinds(Traversal &traversal, Slice &slice) {
  Block detached;
  OpBuilder::InsertionGuard guard(traversal.frame.b);
  traversal.frame.b.setInsertionPointToStart(&detached);
  Value zero = traversal.frame.index(0);
  PieceMemory memory;
  for (unsigned kind = 0; kind < slotKinds; ++kind) {
    Type element = traversal.elementType(SlotKind(kind));
    auto probe = MemRefType::get({ShapedType::kDynamic}, element);
    memory.regions[kind] =
        memref::AllocaOp::create(traversal.frame.b, traversal.frame.loc, probe, ValueRange{zero});
    memory.bases[kind] = zero;
  }
  Tile tile{{zero, zero}, zero, zero, zero, zero, zero, zero, zero, zero, RowTable()};
  TileContext context(traversal, slice, memory, tile, {});
  SmallVector<SlotKind> kinds;
  for (Value value : slice.reduction->init(context, traversal.op.getLoc()))
    kinds.push_back(PieceStates::kindOf(traversal, value.getType()));
  return kinds;
}

void PieceStates::planState(Slice &slice) {
  slice.stateBegin = stateKinds.size();
  for (SlotKind kind : findStateKinds(tiles, slice)) {
    stateKinds.push_back(kind);
    stateOffsets.push_back(vectors[kind]++);
  }
  slice.stateSize = stateKinds.size() - slice.stateBegin;
}

int64_t PieceStates::bytesOf(unsigned kind) const {
  int64_t elementBytes = tiles.elementType(SlotKind(kind)).getIntOrFloatBitWidth() / 8;
  return vectors[kind] * elementBytes * tiles.tileRows();
}

/// The states of pieces that a tile is cut into shall not be the largest of all arrays.
int64_t PieceStates::mostPieces() const {
  constexpr int64_t mostBytes = 64 << 20, always = 64;
  int64_t bytes = bytesOf(ValueSlot) + bytesOf(IndexSlot) + bytesOf(WideSlot);
  int64_t fit = mostBytes / std::max<int64_t>(bytes * chunks, 1);
  return std::min(tiles.schedule.getSplit(), std::max(fit, always));
}

void PieceStates::allocate(Workspace &workspace, int64_t leastPieceTerms) {
  for (SlotKind kind : {ValueSlot, IndexSlot, WideSlot})
    if (int64_t bytes = bytesOf(kind) * chunks)
      regions[kind] =
          workspace.allocate(tiles.elementType(kind), {tiles.op.getKept(), tiles.tileRows(),
                                                       leastPieceTerms, mostPieces(), bytes});
  if (!vectors[PassingSlot])
    return;
  LinearSize size = LinearSize::ofMembers(bytesOf(PassingSlot));
  regions[PassingSlot] = workspace.allocate(tiles.element(), size);
  passingPerMember = size.perMember * 8 / tiles.element().getIntOrFloatBitWidth();
}

//===-- Chunks ------------------------------------------------------------------------------===//

void PieceStates::forEachChunk(function_ref<void(Value)> body) {
  if (chunks == 1)
    return body({});
  sequentialFor(frame, frame.index(0), frame.index(chunks), [&](Value chunk) { body(chunk); });
}

Value PieceStates::chunkStartOf(Value chunk) {
  return chunk ? frame.mul(chunk, frame.index(tiles.chunk)) : Value();
}

PieceMemory PieceStates::memoryOf(Value piece, Value chunk) {
  Value number = frame.mul(piece, frame.index(chunks));
  if (chunk)
    number = frame.add(number, chunk);
  PieceMemory memory{regions, {}};
  for (SlotKind kind : {ValueSlot, IndexSlot, WideSlot})
    if (vectors[kind])
      memory.bases[kind] =
          tiles.addRowBase(frame.mul(number, frame.index(vectors[kind] * tiles.tileRows())));
  if (vectors[PassingSlot])
    memory.bases[PassingSlot] = tiles.addRowBase(frame.ownElements(passingPerMember));
  return memory;
}

//===-- States ------------------------------------------------------------------------------===//

Value PieceStates::stateOffset(const PieceMemory &memory, unsigned slot) {
  return frame.add(memory.bases[stateKinds[slot]],
                   frame.index(stateOffsets[slot] * tiles.tileRows()));
}

PieceStates::Values PieceStates::load(const Slice &slice, const PieceMemory &memory) {
  Values state;
  for (unsigned slot = slice.stateBegin; slot < slice.stateBegin + slice.stateSize; ++slot)
    state.push_back(frame.machine.load(frame, tiles.tileType(stateKinds[slot]),
                                       memory.regions[stateKinds[slot]],
                                       stateOffset(memory, slot)));
  return state;
}

void PieceStates::store(ValueRange states, const PieceMemory &memory, ValueRange loaded) {
  for (auto [slot, value] : llvm::enumerate(states))
    if (loaded.empty() || value != loaded[slot])
      frame.machine.store(frame, value, memory.regions[stateKinds[slot]],
                          stateOffset(memory, slot));
}

PieceStates::Values PieceStates::forEachState(ValueRange states,
                                              function_ref<Values(unsigned, ValueRange)> body) {
  Values next;
  for (auto [r, slice] : llvm::enumerate(allSlices))
    llvm::append_range(next, body(r, states.slice(slice.stateBegin, slice.stateSize)));
  return next;
}

Value PieceStates::outputOffset(SlotKind kind, const PieceMemory &memory) {
  return frame.add(memory.bases[kind], frame.index((vectors[kind] - 1) * tiles.tileRows()));
}
