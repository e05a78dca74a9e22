// The vocabulary in which the approximations are written: arithmetic on one scalar, vector or
// vector of vectors at a time, with fused operations where the target has them. Registers.cpp adds
// the x86 instructions, Hardware.cpp the functions that a GPU has.
#ifndef KEOPS_LIB_CONVERSION_APPROXIMATEMATH_KIT_H
#define KEOPS_LIB_CONVERSION_APPROXIMATEMATH_KIT_H

#include "keops/Conversion/ApproximateMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace keops::approx {

using mlir::Value;

/// A number rounded to an integer, and the word whose low bits hold that integer.
struct Rounded {
  Value value;
  Value bits;
};

/// An integer of two words that are not signed.
struct WordPair {
  Value low;
  Value high;
};

/// An unevaluated sum of two numbers.
struct DoubleWord {
  Value high;
  Value low;
};

class Kit {
public:
  Kit(mlir::ImplicitLocOpBuilder &builder, mlir::Type type, MathTarget target);

  mlir::ImplicitLocOpBuilder &getBuilder() const { return builder; }
  mlir::Type getType() const { return type; }
  MathTarget getTarget() const { return target; }
  bool isDouble() const { return width == 64; }
  bool hasFMA() const { return target != MathTarget::Plain; }
  bool hasAvx512() const { return target == MathTarget::Avx512; }

  // Facts of the number format.
  int mantissaBits() const { return isDouble() ? 52 : 23; }
  int exponentBias() const { return isDouble() ? 1023 : 127; }
  double smallestNormal() const;
  double infinity() const;
  double notANumber() const;

  // Numbers.
  Value constant(double value);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b);
  Value abs(Value a);
  Value negate(Value a);
  Value sqrt(Value a);
  /// a*b + c: one rounding where the target has FMA, two otherwise.
  Value fma(Value a, Value b, Value c);
  Value fma(Value a, double b, Value c) { return fma(a, constant(b), c); }
  /// c[0] + c[1] x + c[2] x^2 + ...
  Value horner(llvm::ArrayRef<double> coefficients, Value x);

  // Choices.
  Value compare(mlir::arith::CmpFPredicate predicate, Value a, Value b);
  Value less(Value a, double b);
  Value greater(Value a, double b);
  Value equal(Value a, double b);
  Value select(Value condition, Value yes, Value no);
  Value maskOr(Value a, Value b);
  Value maskAnd(Value a, Value b);
  /// x limited to [low, high]; NaN stays NaN.
  Value clamp(Value x, double low, double high);
  Value atMost(Value x, double high);

  // Bit patterns, as integers of the same width and shape.
  Value bits(uint64_t value);
  Value toBits(Value number);
  Value fromBits(Value integer);
  Value addBits(Value a, Value b);
  Value subBits(Value a, Value b);
  Value andBits(Value a, Value b);
  Value orBits(Value a, Value b);
  Value xorBits(Value a, Value b);
  Value shiftLeft(Value a, int count);
  Value shiftRight(Value a, int count);
  Value shiftRightSigned(Value a, int count);
  Value shiftLeft(Value a, Value count);
  Value shiftRight(Value a, Value count);
  /// The whole product of two words, and the sum of two with a carry of 0 or 1.
  WordPair multiplyBits(Value a, Value b);
  WordPair addWithCarry(Value a, Value b);
  Value signBit(Value number);
  Value flipSign(Value number, Value sign);
  /// A number that is not negative, with the sign of another.
  Value withSignOf(Value magnitude, Value number) { return flipSign(magnitude, signBit(number)); }
  Value bitsNotZero(Value integer);

  /// The integer nearest to x*scale, by adding a large constant: right for |x*scale| < 2^21 (2^50
  /// for double); of larger values only the size and the sign are right.
  Rounded roundNearest(Value x, double scale = 1.0);
  /// 2^n for an integer n in the normal range, from the word of roundNearest or any word with n in
  /// its low bits.
  Value powerOfTwo(Value integer);

  // Double-word arithmetic; no step needs FMA.
  DoubleWord twoProduct(Value a, Value b);
  DoubleWord twoSum(Value a, Value b);
  /// The same when |a| >= |b| or a is zero.
  DoubleWord fastTwoSum(Value a, Value b);
  DoubleWord multiply(DoubleWord a, DoubleWord b);
  /// a*b + c of single numbers.
  DoubleWord multiplyAdd(Value a, Value b, Value c);
  /// a / b, rounded to one number; 1 / b must be a normal number.
  Value divide(DoubleWord a, DoubleWord b);

  /// The kit for double numbers of the same shape, and conversions to and from it.
  Kit wide() const;
  Value widen(Value number);
  Value narrow(Value wideNumber);
  /// A signed integer of the same shape as a number.
  Value fromInteger(Value integer);

  // What the hardware of a GPU computes by itself, for float (Hardware.cpp).
  Value hardwareExp2(Value x);
  Value hardwareRsqrt(Value x);
  Value hardwareReciprocal(Value x);

  // x86 AVX-512 instructions, one register at a time (Registers.cpp). The immediates are those of
  // Intel's manual.
  Value scalef(Value x, Value exponent);
  Value reduce(Value x, int immediate);
  Value range(Value a, Value b, int immediate);
  Value getExponent(Value x);
  Value getMantissa(Value x, int immediate);
  Value rsqrt14(Value x);

private:
  Value emitPerRegister(llvm::StringRef instruction, llvm::ArrayRef<Value> operands,
                        std::optional<int> immediate, bool hasRounding);
  Value emitRow(llvm::StringRef instruction, llvm::ArrayRef<Value> rows,
                std::optional<int> immediate, bool hasRounding);
  Value emitRegister(llvm::StringRef instruction, llvm::ArrayRef<Value> registers,
                     std::optional<int> immediate, bool hasRounding);
  mlir::Type withElement(mlir::Type element) const;
  Value leadingHalf(Value a);

  mlir::ImplicitLocOpBuilder &builder;
  mlir::Type type;
  mlir::Type intType;
  MathTarget target;
  unsigned width;
};

} // namespace keops::approx

#endif // KEOPS_LIB_CONVERSION_APPROXIMATEMATH_KIT_H
