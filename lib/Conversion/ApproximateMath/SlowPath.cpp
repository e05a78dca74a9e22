// Emission of the slow path: one private function of a double for each form and one for each row
// type, made on first use in the module that holds the code. They stay out of line, so that the
// fast path keeps its registers.
#include "SlowPath.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace keops::approx {

static Value isBeyond(Kit &kit, Value x, double bound) { return kit.greater(kit.abs(x), bound); }

static Value anyLane(ImplicitLocOpBuilder &builder, Value mask) {
  auto shaped = dyn_cast<VectorType>(mask.getType());
  if (!shaped)
    return mask;
  Value row = mask;
  if (shaped.getRank() == 2) {
    row = vector::ExtractOp::create(builder, mask, 0);
    for (int64_t index = 1; index < shaped.getDimSize(0); ++index)
      row = arith::OrIOp::create(builder, row, vector::ExtractOp::create(builder, mask, index));
  }
  return vector::ReductionOp::create(builder, vector::CombiningKind::OR, row);
}

/// The private function of this name that returns what `write` makes of its arguments.
static func::FuncOp getFunction(ImplicitLocOpBuilder &builder, const std::string &name,
                                TypeRange arguments, Type result,
                                function_ref<Value(ValueRange)> write) {
  Operation *table = SymbolTable::getNearestSymbolTable(builder.getInsertionBlock()->getParentOp());
  if (auto found = dyn_cast_or_null<func::FuncOp>(SymbolTable::lookupSymbolIn(table, name)))
    return found;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&table->getRegion(0).front());
  auto function = func::FuncOp::create(builder, name, builder.getFunctionType(arguments, {result}));
  function.setPrivate();
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline", "cold"}));
  // Two compiled formulas that are linked together may both hold this function.
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  builder.setInsertionPointToStart(function.addEntryBlock());
  func::ReturnOp::create(builder, write(function.getArguments()));
  return function;
}

static Value callScalar(Kit &kit, Value x, const SlowPath &path) {
  ImplicitLocOpBuilder &builder = kit.getBuilder();
  Kit wide = kit.wide();
  auto write = [&](ValueRange arguments) { return path.form(wide, {arguments[0]}); };
  auto function = getFunction(builder, ("keops_far_" + path.name).str(), {wide.getType()},
                              wide.getType(), write);
  return kit.narrow(func::CallOp::create(builder, function, ValueRange{kit.widen(x)}).getResult(0));
}

/// One step of the loop over lanes: `result` with the lane replaced if it needs the path.
static Value emitLane(Kit &kit, Value x, Value result, Value lane, const SlowPath &path) {
  ImplicitLocOpBuilder &builder = kit.getBuilder();
  Value element = vector::ExtractOp::create(builder, x, lane);
  Kit scalar(builder, element.getType(), kit.getTarget());
  auto branch = scf::IfOp::create(builder, TypeRange{result.getType()},
                                  isBeyond(scalar, element, path.bound), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value exact = callScalar(scalar, element, path);
  Value replaced = vector::InsertOp::create(builder, exact, result, lane);
  scf::YieldOp::create(builder, ValueRange{replaced});
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, ValueRange{result});
  return branch.getResult(0);
}

static Value emitLanes(Kit &kit, Value x, Value fast, const SlowPath &path) {
  ImplicitLocOpBuilder &builder = kit.getBuilder();
  int64_t lanes = cast<VectorType>(x.getType()).getNumElements();
  Value zero = arith::ConstantIndexOp::create(builder, 0);
  Value one = arith::ConstantIndexOp::create(builder, 1);
  Value count = arith::ConstantIndexOp::create(builder, lanes);
  auto loop = scf::ForOp::create(builder, zero, count, one, ValueRange{fast});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value next = emitLane(kit, x, loop.getRegionIterArg(0), loop.getInductionVar(), path);
  scf::YieldOp::create(builder, ValueRange{next});
  return loop.getResult(0);
}

static func::FuncOp getRowFunction(Kit &kit, VectorType row, const SlowPath &path) {
  std::string type = (kit.isDouble() ? "f64_" : "f32_") + std::to_string(row.getNumElements());
  std::string name =
      ("keops_slow_" + path.name + "_" + type + "_from_" + std::to_string(int64_t(path.bound)))
          .str();
  return getFunction(kit.getBuilder(), name, {row, row}, row, [&](ValueRange arguments) {
    return emitLanes(kit, arguments[0], arguments[1], path);
  });
}

static Value callRows(Kit &kit, Value x, Value fast, const SlowPath &path) {
  ImplicitLocOpBuilder &builder = kit.getBuilder();
  auto shaped = dyn_cast<VectorType>(kit.getType());
  if (!shaped)
    return callScalar(kit, x, path);
  auto rowType = VectorType::get(shaped.getShape().take_back(), shaped.getElementType());
  auto function = getRowFunction(kit, rowType, path);
  if (shaped.getRank() == 1)
    return func::CallOp::create(builder, function, ValueRange{x, fast}).getResult(0);
  Value result = fast;
  for (int64_t index = 0; index < shaped.getDimSize(0); ++index) {
    Value rowX = vector::ExtractOp::create(builder, x, index);
    Value rowFast = vector::ExtractOp::create(builder, fast, index);
    Value row = func::CallOp::create(builder, function, ValueRange{rowX, rowFast}).getResult(0);
    result = vector::InsertOp::create(builder, row, result, index);
  }
  return result;
}

Value emitSlowPath(Kit &kit, Value x, Value fast, const SlowPath &path) {
  ImplicitLocOpBuilder &builder = kit.getBuilder();
  Value any = anyLane(builder, isBeyond(kit, x, path.bound));
  auto branch = scf::IfOp::create(builder, TypeRange{kit.getType()}, any, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(builder, ValueRange{callRows(kit, x, fast, path)});
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, ValueRange{fast});
  return branch.getResult(0);
}

} // namespace keops::approx
