// Generic creation of operations. Types are inferred before an operation exists, so that a
// dimension error is a diagnostic and never an abort.
#include "FormulaBuilder.h"

#include "Names.h"
#include "keops/Frontend/Limits.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace keops;

FormulaBuilder::FormulaBuilder(MLIRContext *context, Type elementType)
    : b(context), elementType(elementType) {}

FormulaBuilder::ScopeGuard::ScopeGuard(FormulaBuilder &parent, FormulaScope &scope)
    : parent(parent), outer(parent.current) {
  parent.current = &scope;
  parent.b.setInsertionPointToEnd(scope.block.get());
}

FormulaBuilder::ScopeGuard::~ScopeGuard() {
  parent.current = outer;
  if (outer)
    parent.b.setInsertionPointToEnd(outer->block.get());
}

bool FormulaBuilder::countOperation(Location loc) {
  if (++operations <= maxOperations)
    return true;
  // The count stays one above the limit, whatever else is tried.
  operations = maxOperations + 1;
  emitError(loc) << "the formula has more than " << maxOperations
                 << " operations, which is the limit";
  return false;
}

//===-- Leaves ------------------------------------------------------------------------------===//

Value FormulaBuilder::createVariable(Location loc, const Variable &variable) {
  auto known = current->arguments.find(variable.position);
  if (known != current->arguments.end())
    return known->second;
  auto next = current->arguments.upper_bound(variable.position);
  unsigned index = std::distance(current->arguments.begin(), next);
  Type type = ValueType::get(b.getContext(), variable.dim, elementType, variable.placement);
  BlockArgument argument = current->block->insertArgument(index, type, loc);
  current->arguments[variable.position] = argument;
  return argument;
}

Value FormulaBuilder::createRational(Location loc, int64_t numerator, int64_t denominator) {
  return countOperation(loc) ? keops::createRational(b, loc, elementType, numerator, denominator)
                             : Value();
}

bool FormulaBuilder::isFinite(double number) const {
  APFloat value(number);
  bool inexact;
  value.convert(cast<FloatType>(elementType).getFloatSemantics(), APFloat::rmNearestTiesToEven,
                &inexact);
  return value.isFinite();
}

Value FormulaBuilder::createFloat(Location loc, double number) {
  if (!countOperation(loc))
    return {};
  Type type = ValueType::get(b.getContext(), 1, elementType, Placement::P);
  return ConstantOp::create(b, loc, type, b.getF64FloatAttr(number));
}

Value FormulaBuilder::createZero(Location loc, int64_t dim) {
  if (dim < 1 || dim > maxDimension) {
    emitError(loc) << "Zero: dimensions go from 1 to " << maxDimension << ", got " << dim;
    return {};
  }
  return countOperation(loc) ? keops::createZero(b, loc, elementType, dim) : Value();
}

std::optional<int64_t> FormulaBuilder::getInteger(Value value) {
  if (isZero(value) && getDim(value) == 1)
    return 0;
  auto constant = value.getDefiningOp<ConstantOp>();
  if (auto number = constant ? dyn_cast<IntegerAttr>(constant.getValue()) : IntegerAttr())
    return number.getInt();
  return std::nullopt;
}

void FormulaBuilder::eraseConstant(Value value) {
  value.getDefiningOp()->erase();
  --operations;
}

//===-- Functions ---------------------------------------------------------------------------===//

/// Infers the result types of `state`, whose properties are made from its attributes for this
/// purpose.
static LogicalResult inferTypes(OperationState &state, MLIRContext *context) {
  RegisteredOperationName name = *state.name.getRegisteredInfo();
  auto *inference = name.getInterface<InferTypeOpInterface>();
  if (!inference)
    return emitError(state.location)
           << "internal fault: the result type of " << name << " cannot be inferred";
  DictionaryAttr attributes = state.attributes.getDictionary(context);
  auto storage = std::make_unique<char[]>(name.getOpPropertyByteSize() + 1);
  auto properties = OpaqueProperties(name.getOpPropertyByteSize() ? storage.get() : nullptr);
  if (properties) {
    name.initOpProperties(properties, OpaqueProperties(nullptr));
    auto emit = [&] { return emitError(state.location) << "internal fault: "; };
    if (failed(name.setOpPropertiesFromAttribute(state.name, properties, attributes, emit)))
      return failure();
  }
  LogicalResult inferred = inference->inferReturnTypes(
      context, state.location, state.operands, attributes, properties, state.regions, state.types);
  if (properties)
    name.destroyOpProperties(properties);
  return inferred;
}

Operation *FormulaBuilder::createInferred(OperationState &state) {
  if (!countOperation(state.location) || failed(inferTypes(state, b.getContext())))
    return nullptr;
  if (int64_t dim = cast<ValueType>(state.types.front()).getDim(); dim > maxDimension) {
    emitError(state.location) << "the result has dimension " << dim << "; at most " << maxDimension
                              << " is accepted";
    return nullptr;
  }
  return b.create(state);
}

/// A divisor that is written as zero is a mistake, not an infinity.
static bool isLiteralZero(Value value) {
  if (isZero(value))
    return true;
  auto constant = value.getDefiningOp<ConstantOp>();
  auto number = constant ? dyn_cast<FloatAttr>(constant.getValue()) : FloatAttr();
  return number && number.getValue().isZero();
}

static LogicalResult checkDivisor(Location loc, const FormulaInfo &info, ValueRange operands) {
  bool divides = info.name == "Divide" || info.name == "Inv";
  if (divides && isLiteralZero(operands.back()))
    return emitError(loc) << info.name << ": division by a literal zero";
  return success();
}

/// Orders leave room for those of derivatives, which no user can see a limit of.
static LogicalResult checkOrder(Location loc, const FormulaInfo &info,
                                ArrayRef<Attribute> attributes) {
  if (!info.operandNames.ends_with("order"))
    return success();
  int64_t order = cast<IntegerAttr>(attributes.back()).getInt();
  if (order < 0 || order > maxFunctionOrder)
    return emitError(loc) << info.name << ": the order must lie between 0 and " << maxFunctionOrder
                          << ", got " << order;
  return success();
}

Value FormulaBuilder::create(Location loc, const FormulaInfo &info, ValueRange operands,
                             ArrayRef<Attribute> attributes) {
  if (failed(checkDivisor(loc, info, operands)) || failed(checkOrder(loc, info, attributes)))
    return {};
  OperationState state(loc, info.mnemonic);
  state.addOperands(operands);
  SmallVector<StringRef> names;
  info.operandNames.split(names, ',');
  size_t next = 0;
  for (auto [kind, name] : llvm::zip(info.operands, names))
    if (kind != 'v' && next < attributes.size())
      state.addAttribute(name, attributes[next++]);
  Operation *op = createInferred(state);
  return op ? op->getResult(0) : Value();
}

Value FormulaBuilder::create(Location loc, StringRef name, ValueRange operands,
                             ArrayRef<Attribute> attributes) {
  const FormulaInfo *info = findFormula(name);
  assert(info && "an operation that has no record");
  return create(loc, *info, operands, attributes);
}

Value FormulaBuilder::createDerivative(Location loc, StringRef op, ValueRange operands) {
  OperationState state(loc, op);
  state.addOperands(operands);
  Operation *derivative = createInferred(state);
  return derivative ? derivative->getResult(0) : Value();
}

Value FormulaBuilder::createGrad(Location loc, Value formula, Value variable, Value adjoint) {
  return createDerivative(loc, GradOp::getOperationName(), {formula, variable, adjoint});
}
Value FormulaBuilder::createDiff(Location loc, Value formula, Value variable, Value tangent) {
  return createDerivative(loc, DiffOp::getOperationName(), {formula, variable, tangent});
}

//===-- Regions -----------------------------------------------------------------------------===//

Operation *FormulaBuilder::createRegionOp(OperationState &state, FormulaScope scope,
                                          TypeRange results) {
  if (!countOperation(state.location))
    return nullptr;
  for (auto &[position, argument] : scope.arguments) {
    ValueType type = getValueType(argument);
    state.addOperands(
        createVariable(argument.getLoc(), {position, type.getDim(), type.getPlacement(), ""}));
  }
  state.addTypes(results);
  state.addRegion()->push_back(scope.block.release());
  return b.create(state);
}

void FormulaBuilder::createYield(Location loc, ValueRange values) {
  YieldOp::create(b, loc, values);
}
void FormulaBuilder::createReturn(Location loc, ValueRange values) {
  func::ReturnOp::create(b, loc, values);
}
