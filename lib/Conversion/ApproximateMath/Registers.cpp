// x86 AVX-512 instructions, which exist for whole registers only: rows of a 2-D vector and chunks
// of long or short rows are taken out, computed and put back. A scalar rides in the first lane, so
// that it gets the bits a vector lane gets.
#include "Kit.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace keops::approx {

/// Rounding operand of the 512-bit intrinsics: follow the current mode.
static constexpr int currentDirection = 4;

static Value makeInteger(ImplicitLocOpBuilder &builder, unsigned width, int64_t value) {
  return LLVM::ConstantOp::create(builder, builder.getIntegerType(width),
                                  builder.getIntegerAttr(builder.getIntegerType(width), value));
}

Value Kit::emitRegister(StringRef instruction, ArrayRef<Value> registers,
                        std::optional<int> immediate, bool hasRounding) {
  auto registerType = cast<VectorType>(registers.front().getType());
  int64_t lanes = registerType.getNumElements();
  int64_t size = lanes * width;
  SmallVector<Value> arguments(registers);
  if (immediate)
    arguments.push_back(makeInteger(builder, 32, *immediate));
  // Every lane is computed, so the value for lanes left out does not matter.
  arguments.push_back(registers.front());
  arguments.push_back(makeInteger(builder, std::max<int64_t>(lanes, 8), -1));
  if (size == 512 && hasRounding)
    arguments.push_back(makeInteger(builder, 32, currentDirection));
  std::string name =
      ("llvm.x86.avx512." + instruction + (isDouble() ? ".pd." : ".ps.") + std::to_string(size))
          .str();
  auto call =
      LLVM::CallIntrinsicOp::create(builder, registerType, builder.getStringAttr(name), arguments);
  return call.getResult(0);
}

/// The widest register that a row of this many lanes fills, or the smallest one.
static int64_t chooseRegister(int64_t lanes, unsigned width) {
  for (int64_t size : {512, 256})
    if (lanes * width >= size)
      return size / width;
  return 128 / width;
}

/// Lanes [first, first + count) of `row`, then lanes of `filler` up to `size`; both are as long.
static Value takeLanes(OpBuilder &builder, Location loc, Value row, Value filler, int64_t first,
                       int64_t count, int64_t size) {
  int64_t lanes = cast<VectorType>(row.getType()).getNumElements();
  SmallVector<int64_t> mask = llvm::to_vector(llvm::seq(first, first + count));
  for (int64_t lane = count; lane < size; ++lane)
    mask.push_back(lanes);
  return vector::ShuffleOp::create(builder, loc, row, filler, mask);
}

/// `row` with the first `count` lanes of `part` from lane `first` on.
static Value putLanes(OpBuilder &builder, Location loc, Value row, Value part, int64_t first,
                      int64_t count) {
  int64_t lanes = cast<VectorType>(row.getType()).getNumElements();
  int64_t size = cast<VectorType>(part.getType()).getNumElements();
  Value wide = takeLanes(builder, loc, part, part, 0, std::min(size, lanes), lanes);
  SmallVector<int64_t> mask = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
  for (int64_t lane = 0; lane < count; ++lane)
    mask[first + lane] = lanes + lane;
  return vector::ShuffleOp::create(builder, loc, row, wide, mask);
}

Value Kit::emitRow(StringRef instruction, ArrayRef<Value> rows, std::optional<int> immediate,
                   bool hasRounding) {
  auto rowType = cast<VectorType>(rows.front().getType());
  int64_t lanes = rowType.getNumElements();
  int64_t step = chooseRegister(lanes, width);
  if (step == lanes)
    return emitRegister(instruction, rows, immediate, hasRounding);
  Location loc = builder.getLoc();
  Value zeros = arith::ConstantOp::create(builder, builder.getZeroAttr(rowType));
  Value result = rows.front();
  for (int64_t at = 0; at < lanes; at += step) {
    int64_t count = std::min(step, lanes - at);
    SmallVector<Value> chunks = llvm::map_to_vector(
        rows, [&](Value row) { return takeLanes(builder, loc, row, zeros, at, count, step); });
    Value computed = emitRegister(instruction, chunks, immediate, hasRounding);
    result = putLanes(builder, loc, result, computed, at, count);
  }
  return result;
}

Value Kit::emitPerRegister(StringRef instruction, ArrayRef<Value> operands,
                           std::optional<int> immediate, bool hasRounding) {
  auto shaped = dyn_cast<VectorType>(type);
  if (!shaped) {
    auto rowType = VectorType::get({128 / int64_t(width)}, type);
    SmallVector<Value> rows = llvm::map_to_vector(operands, [&](Value operand) -> Value {
      return vector::BroadcastOp::create(builder, rowType, operand);
    });
    Value row = emitRegister(instruction, rows, immediate, hasRounding);
    return vector::ExtractOp::create(builder, row, 0);
  }
  if (shaped.getRank() == 1)
    return emitRow(instruction, operands, immediate, hasRounding);
  Value result = operands.front();
  for (int64_t index = 0; index < shaped.getDimSize(0); ++index) {
    SmallVector<Value> rows = llvm::map_to_vector(operands, [&](Value operand) -> Value {
      return vector::ExtractOp::create(builder, operand, index);
    });
    Value row = emitRow(instruction, rows, immediate, hasRounding);
    result = vector::InsertOp::create(builder, row, result, index);
  }
  return result;
}

Value Kit::scalef(Value x, Value exponent) {
  return emitPerRegister("mask.scalef", {x, exponent}, std::nullopt, /*hasRounding=*/true);
}

Value Kit::reduce(Value x, int immediate) {
  return emitPerRegister("mask.reduce", {x}, immediate, /*hasRounding=*/true);
}

Value Kit::range(Value a, Value b, int immediate) {
  return emitPerRegister("mask.range", {a, b}, immediate, /*hasRounding=*/true);
}

Value Kit::getExponent(Value x) {
  return emitPerRegister("mask.getexp", {x}, std::nullopt, /*hasRounding=*/true);
}

Value Kit::getMantissa(Value x, int immediate) {
  return emitPerRegister("mask.getmant", {x}, immediate, /*hasRounding=*/true);
}

Value Kit::rsqrt14(Value x) {
  return emitPerRegister("rsqrt14", {x}, std::nullopt, /*hasRounding=*/false);
}

} // namespace keops::approx
