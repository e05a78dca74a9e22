// Rules about integer and rational constants, folded exactly and kept on the left, and about
// powers. The first line of each rule is the rule.
#include "Rules.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace keops;

static bool isConstant(Value value) { return value.getDefiningOp<ConstantOp>() != nullptr; }

static Value numberOrNull(OpBuilder &b, Operation *op, std::optional<Number> number) {
  return number ? createNumber(b, op, *number) : Value();
}

// n + m, n - m, n * m, n / m, computed exactly
static Value addConstants(AddOp op, OpBuilder &b) {
  return numberOrNull(b, op, addNumbers(getNumber(op.getX()), getNumber(op.getY())));
}
static Value subtractConstants(SubtractOp op, OpBuilder &b) {
  return numberOrNull(b, op, addNumbers(getNumber(op.getX()), negateNumber(getNumber(op.getY()))));
}
static Value multiplyConstants(MultOp op, OpBuilder &b) {
  return numberOrNull(b, op, multiplyNumbers(getNumber(op.getX()), getNumber(op.getY())));
}
static Value divideConstants(DivideOp op, OpBuilder &b) {
  return numberOrNull(b, op,
                      multiplyNumbers(getNumber(op.getX()), invertNumber(getNumber(op.getY()))));
}

// -n, 1/n, n^2, n^m, |n|, computed exactly
static Value negateConstant(MinusOp op, OpBuilder &b) {
  return numberOrNull(b, op, negateNumber(getNumber(op.getX())));
}
static Value invertConstant(InvOp op, OpBuilder &b) {
  return numberOrNull(b, op, invertNumber(getNumber(op.getX())));
}
static Value squareConstant(SquareOp op, OpBuilder &b) {
  return numberOrNull(b, op, raiseNumber(getNumber(op.getX()), 2));
}
static Value raiseConstant(PowOp op, OpBuilder &b) {
  return numberOrNull(b, op, raiseNumber(getNumber(op.getX()), op.getExponent()));
}
static Value absoluteConstant(AbsOp op, OpBuilder &b) {
  std::optional<Number> number = getNumber(op.getX());
  return numberOrNull(b, op, number && number->numerator < 0 ? negateNumber(number) : number);
}

// f + n = n + f, f * n = n * f
template <typename OpTy>
static Value constantFirst(OpTy op, OpBuilder &b) {
  if (isConstant(op.getX()) || !isConstant(op.getY()))
    return {};
  return OpTy::create(b, op.getLoc(), op.getY(), op.getX());
}

// 1 * f = f, -1 * f = -f
static Value multiplyOne(MultOp op, OpBuilder &b) {
  std::optional<Number> n = getNumber(op.getX());
  if (!n || (!n->is(1) && !n->is(-1)))
    return {};
  return n->is(1) ? op.getY() : MinusOp::create(b, op.getLoc(), op.getY()).getResult();
}

// n * (m * f) = (n m) * f
static Value mergeFactors(MultOp op, OpBuilder &b) {
  auto inner = op.getY().getDefiningOp<MultOp>();
  std::optional<Number> n =
      inner ? multiplyNumbers(getNumber(op.getX()), getNumber(inner.getX())) : std::nullopt;
  return n ? MultOp::create(b, op.getLoc(), createNumber(b, op, *n), inner.getY()).getResult()
           : Value();
}

// -(n * f) = (-n) * f
static Value negateFactor(MinusOp op, OpBuilder &b) {
  auto inner = op.getX().getDefiningOp<MultOp>();
  std::optional<Number> n = inner ? negateNumber(getNumber(inner.getX())) : std::nullopt;
  return n ? MultOp::create(b, op.getLoc(), createNumber(b, op, *n), inner.getY()).getResult()
           : Value();
}

/// Whether 1/n is a floating-point number, or an integer that every element type holds.
static bool hasExactInverse(const Number &n) {
  constexpr int64_t largest = 1 << 24;
  auto isPower = [](int64_t k) {
    return llvm::isPowerOf2_64(std::abs(k)) && std::abs(k) <= largest;
  };
  bool integer = std::abs(n.numerator) == 1 && n.denominator <= largest;
  return integer || (isPower(n.numerator) && isPower(n.denominator));
}

// f / n = (1/n) * f when 1/n is exact
static Value divideByConstant(DivideOp op, OpBuilder &b) {
  std::optional<Number> n = getNumber(op.getY());
  if (!n || n->numerator == 0 || !hasExactInverse(*n))
    return {};
  return MultOp::create(b, op.getLoc(), createNumber(b, op, *invertNumber(n)), op.getX());
}

// 1 / f = Inv(f)
static Value divideOne(DivideOp op, OpBuilder &b) {
  std::optional<Number> n = getNumber(op.getX());
  return n && n->is(1) ? InvOp::create(b, op.getLoc(), op.getY()).getResult() : Value();
}

// f + f = 2 * f
static Value addSame(AddOp op, OpBuilder &b) {
  if (op.getX() != op.getY())
    return {};
  return MultOp::create(b, op.getLoc(), createNumber(b, op, {2, 1}), op.getX());
}

// f * f = Square(f)
static Value multiplySame(MultOp op, OpBuilder &b) {
  return op.getX() == op.getY() ? SquareOp::create(b, op.getLoc(), op.getX()).getResult() : Value();
}

// Pow(f, 0) = 1, Pow(f, 1) = f, Pow(f, 2) = Square(f), Pow(f, -1) = Inv(f)
static Value smallPower(PowOp op, OpBuilder &b) {
  switch (static_cast<int64_t>(op.getExponent())) {
  case 0:
    return createNumber(b, op, {1, 1});
  case 1:
    return op.getX();
  case 2:
    return SquareOp::create(b, op.getLoc(), op.getX());
  case -1:
    return InvOp::create(b, op.getLoc(), op.getX());
  default:
    return {};
  }
}

void keops::populateConstantRules(RewritePatternSet &patterns) {
  addRules<addConstants, subtractConstants, multiplyConstants, divideConstants, negateConstant,
           invertConstant, squareConstant, raiseConstant, absoluteConstant>(patterns);
  addRules<constantFirst<AddOp>, constantFirst<MultOp>, multiplyOne, mergeFactors, negateFactor,
           divideByConstant, divideOne, addSame, multiplySame, smallPower>(patterns);
}
