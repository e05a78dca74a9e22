// The rest of an angle of any size modulo pi/2. Of the endless product |x| 2/pi only those bits
// matter that are worth less than four quarter turns and more than the rounding of the result: the
// words of 2/pi that make them are chosen by the exponent of x, so that three products of integers
// are enough. Words are chosen from constants, without memory and without branches.
#include "Coefficients.h"
#include "Forms.h"

namespace keops::approx {

namespace {

constexpr int wordSize = 64;
/// Biased exponent of the smallest argument, for which the table's first bit is the first that
/// counts.
constexpr int firstExponent = 1023 + 17;

using Words = llvm::SmallVector<Value>;

/// Words index, index + 1, ... of the table: a shift by one bit of the index at a time.
Words pickWords(Kit &kit, Value index, int count) {
  Words words;
  for (uint64_t word : kTwoOverPiWords)
    words.push_back(kit.bits(word));
  for (int step = 8; step > 0; step /= 2) {
    Value isSet = kit.bitsNotZero(kit.andBits(index, kit.bits(step)));
    for (int k = 0; k < count + step - 1; ++k)
      words[k] = kit.select(isSet, words[k + step], words[k]);
  }
  words.truncate(count);
  return words;
}

/// The leading word of two, shifted left by less than a word.
Value shiftPair(Kit &kit, Value high, Value low, Value count) {
  Value opposite = kit.subBits(kit.bits(wordSize - 1), count);
  Value carried = kit.shiftRight(kit.shiftRight(low, 1), opposite);
  return kit.orBits(kit.shiftLeft(high, count), carried);
}

/// |x| 2/pi modulo 4, as a fraction of 4 in two words.
WordPair countTurns(Kit &kit, Value magnitude) {
  Value word = kit.toBits(magnitude);
  Value exponent = kit.shiftRight(word, kit.mantissaBits());
  Value one = kit.bits(uint64_t(1) << kit.mantissaBits());
  Value mantissa = kit.orBits(kit.andBits(word, kit.subBits(one, kit.bits(1))), one);
  Value skipped = kit.subBits(exponent, kit.bits(firstExponent));
  Words w = pickWords(kit, kit.shiftRight(skipped, 6), 4);
  Value count = kit.andBits(skipped, kit.bits(wordSize - 1));
  WordPair first = kit.multiplyBits(mantissa, shiftPair(kit, w[0], w[1], count));
  WordPair second = kit.multiplyBits(mantissa, shiftPair(kit, w[1], w[2], count));
  WordPair third = kit.multiplyBits(mantissa, shiftPair(kit, w[2], w[3], count));
  WordPair sum = kit.addWithCarry(second.low, third.high);
  return {sum.low, kit.addBits(kit.addBits(first.low, second.high), sum.high)};
}

/// An unsigned fraction of 1 below 1/2 as a double word; its leading bits may be zeros, so that
/// each piece must be exact.
DoubleWord toNumber(Kit &kit, WordPair fraction) {
  Value first = kit.shiftRight(fraction.high, 11);
  Value middle = kit.shiftLeft(kit.andBits(fraction.high, kit.bits(0x7ff)), 42);
  Value second = kit.orBits(middle, kit.shiftRight(fraction.low, 22));
  Value third = kit.andBits(fraction.low, kit.bits(0x3fffff));
  auto scaled = [&](Value integer, double unit) {
    return kit.mul(kit.fromInteger(integer), kit.constant(unit));
  };
  DoubleWord sum = kit.fastTwoSum(scaled(first, 0x1p-53), scaled(second, 0x1p-106));
  return {sum.high, kit.add(sum.low, scaled(third, 0x1p-128))};
}

} // namespace

ReducedAngle reduceFar(Kit &kit, Value magnitude) {
  WordPair turns = countTurns(kit, magnitude);
  Value whole = kit.shiftRight(turns.high, wordSize - 2);
  WordPair rest = {
      kit.shiftLeft(turns.low, 2),
      kit.orBits(kit.shiftLeft(turns.high, 2), kit.shiftRight(turns.low, wordSize - 2))};
  // From half a quarter turn on the rest is a negative one of the next quadrant. Its complement is
  // its magnitude but for a last bit, which lies below what the table left out.
  Value quadrant = kit.addBits(whole, kit.shiftRight(rest.high, wordSize - 1));
  Value minus = kit.shiftRightSigned(rest.high, wordSize - 1);
  rest = {kit.xorBits(rest.low, minus), kit.xorBits(rest.high, minus)};
  DoubleWord quarter = {kit.constant(kQuarterTurnF64[0]), kit.constant(kQuarterTurnF64[1])};
  DoubleWord angle = kit.multiply(toNumber(kit, rest), quarter);
  Value sign = kit.shiftLeft(minus, wordSize - 1);
  return {quadrant, kit.flipSign(angle.high, sign), kit.flipSign(angle.low, sign)};
}

} // namespace keops::approx
