// The rows themselves. Bounds are the measured maxima of test/Numerics/Math, rounded up; that test
// reads them back.
#include "Table.h"
#include <limits>

namespace keops::approx {

namespace {

enum : unsigned { F32 = 1, F64 = 2, Both = 3 };
enum : unsigned { Fast = 1, Default = 2, High = 4, Quick = Fast | Default, All = 7 };
enum : unsigned {
  Plain = 1,
  Fma = 2,
  Avx512 = 4,
  Gpu = 8,
  Portable = Plain | Fma | Gpu,
  Fused = Fma | Avx512 | Gpu,
  Any = 15
};

constexpr double everywhere = std::numeric_limits<double>::infinity();

// clang-format off
const Row rows[] = {
    // function     widths levels   targets   form              f32   f64   flush  fast domain       method
    {"math.exp",    F32,  Fast,     Gpu,      expHardwareProduct, 67.0, 0.00, true, everywhere,      "ex2.approx.ftz (2 ULP, documented maximum) of x log2(e), whose rounding counts |x| times"},
    {"math.exp",    F32,  Default,  Gpu,      expHardware,      2.50, 0.00, true,  everywhere,       "ex2.approx.ftz (2 ULP, documented maximum), rounding of x log2(e) corrected"},
    {"math.exp",    F64,  Default,  Any,      expLong,          0.00, 1.25, true,  everywhere,       "two-part log(2), degree 11"},
    {"math.exp",    Both, Quick,    Any,      expShort,         2.50, 3.50, true,  everywhere,       "two-part log(2), degree 5 (10)"},
    {"math.exp",    Both, High,     Any,      expCompensated,   1.00, 1.00, false, everywhere,       "degree 6 (11), compensated rest"},
    {"math.exp2",   F32,  Quick,    Gpu,      exp2Hardware,     2.00, 0.00, true,  everywhere,       "ex2.approx.ftz (2 ULP, documented maximum)"},
    {"math.exp2",   F64,  Default,  Any,      exp2Long,         0.00, 1.50, true,  everywhere,       "degree 11; vreduce and vscalef on AVX-512"},
    {"math.exp2",   Both, Quick,    Any,      exp2Short,        2.50, 3.00, true,  everywhere,       "degree 5 (10); vreduce and vscalef on AVX-512"},
    {"math.exp2",   Both, High,     Any,      exp2Compensated,  1.00, 1.00, false, everywhere,       "two-part linear term, degree 6 (11)"},
    {"math.log",    Both, Quick,    Any,      logShort,         1.75, 1.00, false, everywhere,       "mantissa in [3/4, 3/2), degree 9; atanh series (double)"},
    {"math.log",    Both, High,     Any,      logLong,          1.00, 1.00, false, everywhere,       "mantissa in [3/4, 3/2), degree 10; atanh series (double)"},
    {"math.sin",    F32,  Quick,    Fused,    sinFloat,         1.75, 0.00, false, trigFloatDomain,  "pi/2 in three parts"},
    {"math.cos",    F32,  Quick,    Fused,    cosFloat,         1.75, 0.00, false, trigFloatDomain,  "pi/2 in three parts"},
    {"math.sin",    Both, All,      Any,      sinWide,          1.00, 1.00, false, trigWideDomain,   "in double; compensated for double"},
    {"math.cos",    Both, All,      Any,      cosWide,          1.00, 1.00, false, trigWideDomain,   "in double; compensated for double"},
    {"math.rsqrt",  F32,  Fast,     Gpu,      rsqrtHardware,    2.15, 0.00, true,  everywhere,       "rsqrt.approx.ftz (relative 2^-22.9, documented maximum)"},
    {"math.rsqrt",  F32,  Default,  Gpu,      rsqrtHardwareScaled, 2.15, 0.00, false, everywhere,    "rsqrt.approx.ftz (relative 2^-22.9, documented maximum), subnormal numbers scaled"},
    {"math.rsqrt",  Both, Quick,    Avx512,   rsqrtNewton,      1.25, 1.25, false, everywhere,       "14-bit estimate, Newton steps"},
    {"math.rsqrt",  Both, Quick,    Portable, rsqrtDivide,      1.55, 1.55, false, everywhere,       "1 / sqrt"},
    {"math.rsqrt",  Both, High,     Any,      rsqrtCorrected,   0.60, 0.60, false, everywhere,       "exact residual"},
    {"math.powf",   Both, All,      Any,      powAny,           0.60, 1.25, false, everywhere,       "in double; double-word logarithm for double"},
    {"math.expm1",  Both, Quick,    Any,      expm1Short,       1.50, 1.50, false, everywhere,       "reduced as exp; 1 and r apart"},
    {"math.expm1",  Both, High,     Any,      expm1Compensated, 1.00, 1.00, false, everywhere,       "the same, compensated sums"},
    {"math.log1p",  Both, All,      Any,      log1pPutBack,     1.00, 1.00, false, everywhere,       "as log; what 1 + x lost goes into the mantissa"},
    {"math.sinh",   Both, Quick,    Any,      sinhShort,        1.70, 1.75, false, everywhere,       "sinh and cosh of the rest of exp's reduction"},
    {"math.sinh",   Both, High,     Any,      sinhCompensated,  1.00, 1.00, false, everywhere,       "the same, compensated sums"},
    {"math.cosh",   Both, Quick,    Any,      coshShort,        2.10, 1.60, false, everywhere,       "as sinh"},
    {"math.cosh",   Both, High,     Any,      coshCompensated,  1.00, 1.00, false, everywhere,       "as sinh, compensated sums"},
    {"math.tanh",   Both, Quick,    Any,      tanhShort,        2.50, 2.70, false, everywhere,       "expm1(2x) / (expm1(2x) + 2)"},
    {"math.tanh",   Both, High,     Any,      tanhCompensated,  1.00, 1.00, false, everywhere,       "the same, quotient of double words"},
    {"math.asin",   Both, Quick,    Any,      asinShort,        2.10, 2.10, false, everywhere,       "odd polynomial up to 1/2, square root beyond"},
    {"math.asin",   Both, High,     Any,      asinCompensated,  1.00, 1.00, false, everywhere,       "the same, root and sum compensated"},
    {"math.acos",   Both, Quick,    Any,      acosShort,        1.25, 1.25, false, everywhere,       "as asin"},
    {"math.acos",   Both, High,     Any,      acosCompensated,  1.00, 1.00, false, everywhere,       "as asin, root and sum compensated"},
    {"math.atan",   Both, Quick,    Any,      atanShort,        1.35, 1.35, false, everywhere,       "odd polynomial up to 1, quotient beyond"},
    {"math.atan",   Both, High,     Fused,    atanCompensated,  1.10, 1.10, false, everywhere,       "the same, quotient and sum compensated"},
    {"math.atan",   Both, High,     Plain,    atanCompensated,  1.20, 1.25, false, everywhere,       "the same, quotient and sum compensated"},
    {"math.atan2",  Both, Quick,    Any,      atan2Short,       1.70, 1.70, false, everywhere,       "as atan"},
    {"math.atan2",  Both, High,     Fused,    atan2Compensated, 1.10, 1.10, false, everywhere,       "as atan, quotient and sum compensated"},
    {"math.atan2",  Both, High,     Plain,    atan2Compensated, 1.20, 1.25, false, everywhere,       "as atan, quotient and sum compensated"},
    {"math.erf",    Both, All,      Fused,    erfPieces,        1.00, 1.00, false, everywhere,       "odd polynomial up to 15/16, then 1 - exp(-polynomial)"},
    {"math.erf",    Both, All,      Plain,    erfPieces,        1.25, 1.20, false, everywhere,       "odd polynomial up to 15/16, then 1 - exp(-polynomial)"},
    {"math.erfc",   Both, All,      Any,      erfcPieces,       1.00, 1.10, false, everywhere,       "1 - erf up to 11/16, then exp(-x^2) in double words"},
    {"arith.divf",  F32,  Fast,     Gpu,      reciprocalHardware, 1.00, 0.00, true, everywhere,      "rcp.approx.ftz (1 ULP, documented maximum) of a reciprocal; other quotients are exact"},
    {"math.floor",  Both, All,      Plain,    floorPortable,    0.00, 0.00, false, everywhere,       "large constant, corrected by a comparison"},
    {"math.round",  Both, All,      Plain|Gpu, roundPortable,   0.00, 0.00, false, everywhere,       "large constant, corrected by a comparison"},
    {"math.fpowi",  Both, All,      Any,      powInteger,       0.60, 1.25, false, everywhere,       "as math.powf"},
};
// clang-format on

bool covers(const Row &row, unsigned width, MathPrecision precision, MathTarget target) {
  unsigned widthBit = width == 64 ? F64 : F32;
  return (row.widths & widthBit) && (row.levels & (1u << unsigned(precision))) &&
         (row.targets & (1u << unsigned(target)));
}

} // namespace

llvm::ArrayRef<Row> getRows() { return rows; }

const Row *findRow(llvm::StringRef opName, unsigned width, MathPrecision precision,
                   MathTarget target) {
  for (const Row &row : rows)
    if (opName == row.opName && covers(row, width, precision, target))
      return &row;
  return nullptr;
}

} // namespace keops::approx

namespace keops {

static MathBound makeBound(const approx::Row &row, unsigned width, MathPrecision precision,
                           MathTarget target) {
  return {
      row.opName,   width,          precision, target, width == 64 ? row.ulpDouble : row.ulpFloat,
      row.mayFlush, row.fastDomain, row.method};
}

llvm::SmallVector<MathBound> getMathBounds() {
  llvm::SmallVector<MathBound> bounds;
  for (const approx::Row &row : approx::getRows())
    for (unsigned width : {32u, 64u})
      for (auto precision : {MathPrecision::Fast, MathPrecision::Default, MathPrecision::High})
        for (auto target :
             {MathTarget::Plain, MathTarget::Fma, MathTarget::Avx512, MathTarget::Gpu})
          if (approx::findRow(row.opName, width, precision, target) == &row)
            bounds.push_back(makeBound(row, width, precision, target));
  return bounds;
}

} // namespace keops
