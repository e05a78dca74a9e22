// The sizes beyond which a formula is refused, so that no text can exhaust stack or memory. Shared
// by the runtime (which refuses early), the parser and the passes.
#ifndef KEOPS_FRONTEND_LIMITS_H
#define KEOPS_FRONTEND_LIMITS_H

#include <cstdint>

namespace keops {

/// Bytes of one formula or alias text.
inline constexpr int64_t maxFormulaLength = 65536;
/// Parentheses, calls and unary operators inside one another.
inline constexpr int64_t maxNesting = 200;
/// Operations in one formula, after parsing.
inline constexpr int64_t maxOperations = 10000;
/// Operations in one region after its derivatives have been written out.
inline constexpr int64_t maxDerivedOperations = 100000;
/// Derivatives of derivatives.
inline constexpr int64_t maxDerivativeOrder = 16;
/// Orders of special functions, before any derivative.
inline constexpr int64_t maxFunctionOrder = 32;
/// Components of one vector.
inline constexpr int64_t maxDimension = 1048576;
/// Arguments of one formula.
inline constexpr int64_t maxArguments = 256;
/// K of the K-best reductions.
inline constexpr int64_t maxBestOf = 4096;

} // namespace keops

#endif // KEOPS_FRONTEND_LIMITS_H
