// Emission of the slow path: one private function for each library function and row type, made on
// first use in the module that holds the code. It stays out of line, so that the fast path keeps
// its registers.
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

static func::FuncOp lookupOrDeclare(ImplicitLocOpBuilder &builder, StringRef name,
                                    FunctionType type) {
  Operation *table = SymbolTable::getNearestSymbolTable(builder.getInsertionBlock()->getParentOp());
  if (auto found = dyn_cast_or_null<func::FuncOp>(SymbolTable::lookupSymbolIn(table, name)))
    return found;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&table->getRegion(0).front());
  auto function = func::FuncOp::create(builder, name, type);
  function.setPrivate();
  return function;
}

static Value callScalar(ImplicitLocOpBuilder &builder, StringRef library, Value x) {
  Type type = x.getType();
  auto function = lookupOrDeclare(builder, library, builder.getFunctionType({type}, {type}));
  return func::CallOp::create(builder, function, ValueRange{x}).getResult(0);
}

/// One step of the loop over lanes: `result` with the lane replaced if it needs the library.
static Value emitLane(ImplicitLocOpBuilder &builder, MathTarget target, Value x, Value result,
                      Value lane, double bound, StringRef library) {
  Value element = vector::ExtractOp::create(builder, x, lane);
  Kit scalar(builder, element.getType(), target);
  auto branch = scf::IfOp::create(builder, TypeRange{result.getType()},
                                  isBeyond(scalar, element, bound), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value exact = callScalar(builder, library, element);
  Value replaced = vector::InsertOp::create(builder, exact, result, lane);
  scf::YieldOp::create(builder, ValueRange{replaced});
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, ValueRange{result});
  return branch.getResult(0);
}

static void emitRowBody(ImplicitLocOpBuilder &builder, func::FuncOp function, MathTarget target,
                        double bound, StringRef library) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(function.addEntryBlock());
  Value x = function.getArgument(0);
  int64_t lanes = cast<VectorType>(x.getType()).getNumElements();
  Value zero = arith::ConstantIndexOp::create(builder, 0);
  Value one = arith::ConstantIndexOp::create(builder, 1);
  Value count = arith::ConstantIndexOp::create(builder, lanes);
  auto loop = scf::ForOp::create(builder, zero, count, one, ValueRange{function.getArgument(1)});
  {
    OpBuilder::InsertionGuard inner(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value next = emitLane(builder, target, x, loop.getRegionIterArg(0), loop.getInductionVar(),
                          bound, library);
    scf::YieldOp::create(builder, ValueRange{next});
  }
  func::ReturnOp::create(builder, loop.getResults());
}

static func::FuncOp getRowFunction(ImplicitLocOpBuilder &builder, MathTarget target, VectorType row,
                                   double bound, StringRef library) {
  std::string name = ("keops_slow_" + library + "_" + std::to_string(row.getNumElements()) +
                      "_from_" + std::to_string(int64_t(bound)))
                         .str();
  auto function = lookupOrDeclare(builder, name, builder.getFunctionType({row, row}, {row}));
  if (!function.isExternal())
    return function;
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline", "cold"}));
  // Two compiled formulas that are linked together may both hold this function.
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  emitRowBody(builder, function, target, bound, library);
  return function;
}

static Value callRows(Kit &kit, Value x, Value fast, double bound, StringRef library) {
  ImplicitLocOpBuilder &builder = kit.getBuilder();
  auto shaped = dyn_cast<VectorType>(kit.getType());
  if (!shaped)
    return callScalar(builder, library, x);
  auto rowType = VectorType::get(shaped.getShape().take_back(), shaped.getElementType());
  auto function = getRowFunction(builder, kit.getTarget(), rowType, bound, library);
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

Value emitSlowPath(Kit &kit, Value x, Value fast, double bound, StringRef library) {
  ImplicitLocOpBuilder &builder = kit.getBuilder();
  Value any = anyLane(builder, isBeyond(kit, x, bound));
  auto branch = scf::IfOp::create(builder, TypeRange{kit.getType()}, any, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(builder, ValueRange{callRows(kit, x, fast, bound, library)});
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, ValueRange{fast});
  return branch.getResult(0);
}

} // namespace keops::approx
