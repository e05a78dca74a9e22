// Rounding to f16 and bf16 and back, on every target: the bits are those of LLVM's soft floats for
// every number of the short type and for what lies between two of them. ExpandShortFloats writes
// what the targets do not have.
#include "MathKernel.h"
#include "llvm/ADT/APFloat.h"
#include <gtest/gtest.h>

using namespace keops;
using namespace keops::test;

namespace {

struct ShortType {
  const char *name;
  const llvm::fltSemantics &semantics;
  /// Bits of f32 that it does not have.
  unsigned dropped;
};
const ShortType shortTypes[] = {{"f16", llvm::APFloat::IEEEhalf(), 13},
                                {"bf16", llvm::APFloat::BFloat(), 16}};

/// Every value of the leading bits of f32, followed by nothing, by almost nothing, and by what is
/// about half a unit and a whole one. Subnormal numbers of f16 drop more bits, so that these take
/// all values too.
std::vector<uint32_t> sampleBits(const ShortType &type) {
  uint32_t half = 1u << (type.dropped - 1), one = 1u << type.dropped;
  std::vector<uint32_t> samples;
  for (uint64_t leading = 0; leading < uint64_t(1) << 32; leading += one)
    for (uint32_t rest : {0u, 1u, half - 1, half, half + 1, one - 1})
      samples.push_back(uint32_t(leading) | rest);
  samples.resize((samples.size() + chunkSize - 1) / chunkSize * chunkSize);
  return samples;
}

uint32_t roundInSoftware(uint32_t bits, const ShortType &type) {
  llvm::APFloat number(llvm::APFloat::IEEEsingle(), llvm::APInt(32, bits));
  bool isInexact;
  number.convert(type.semantics, llvm::APFloat::rmNearestTiesToEven, &isInexact);
  number.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &isInexact);
  return uint32_t(number.bitcastToAPInt().getZExtValue());
}

std::string getBody(const ShortType &type, int lanes) {
  std::string element = type.name;
  std::string narrow = lanes ? "vector<" + std::to_string(lanes) + "x" + element + ">" : element;
  return "%s = arith.truncf %x : $T to " + narrow + "\n%y = arith.extf %s : " + narrow + " to $T";
}

class ShortFloats : public ::testing::TestWithParam<MathTarget> {};

} // namespace

TEST_P(ShortFloats, roundToNearestEven) {
  if (std::string reason = whyNotOnThisHost(GetParam()); !reason.empty())
    GTEST_SKIP() << reason;
  for (const ShortType &type : shortTypes) {
    std::vector<uint32_t> samples = sampleBits(type), expected;
    for (uint32_t bits : samples)
      expected.push_back(roundInSoftware(bits, type));
    for (int lanes : {0, 16}) {
      KernelSpec spec;
      spec.body = getBody(type, lanes);
      spec.lanes = lanes;
      spec.target = GetParam();
      MathKernel kernel(spec);
      std::vector<uint32_t> rounded(samples.size());
      for (size_t at = 0; at < samples.size(); at += chunkSize)
        kernel(&samples[at], &samples[at], &rounded[at]);
      auto [got, wanted] = std::mismatch(rounded.begin(), rounded.end(), expected.begin());
      EXPECT_EQ(got, rounded.end())
          << type.name << ", " << lanes << " lanes: of " << std::hex
          << samples[size_t(got - rounded.begin())] << " expected " << *wanted << ", got " << *got;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ShortFloats,
                         ::testing::Values(MathTarget::Plain, MathTarget::Fma, MathTarget::Avx512),
                         [](const auto &info) { return nameOf(info.param).str(); });
