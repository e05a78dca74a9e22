// What a compiled program expects and returns: the text that the compiler writes beside an object,
// and its parsed form.
#ifndef KEOPS_RUNTIME_MANIFEST_H
#define KEOPS_RUNTIME_MANIFEST_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keops {

/// In the order of keopsDType. Programs know nothing of complex numbers: an array of them is one of
/// their parts to the program.
enum class DType : uint8_t { F32, F64, I64, F16, BF16, C64, C128 };
enum class Category : uint8_t { I, J, P };

inline int64_t getByteSize(DType dtype) {
  constexpr int64_t sizes[] = {4, 8, 8, 2, 2, 8, 16};
  return sizes[static_cast<size_t>(dtype)];
}
/// "float32", "float64", "int64": the names users know.
std::string_view getName(DType dtype);
/// The type of the real and imaginary part of a complex type, any other type itself.
inline DType getPart(DType dtype) {
  return dtype == DType::C64 ? DType::F32 : dtype == DType::C128 ? DType::F64 : dtype;
}
/// 2 for complex types, else 1.
inline int64_t getPartCount(DType dtype) { return getPart(dtype) == dtype ? 1 : 2; }

struct ManifestInput {
  Category category = Category::P;
  int64_t dimension = 1;
  DType dtype = DType::F32;
  std::string name; ///< the name in the formula that was compiled first; empty for none
};

/// Logical shape (rows of the index, dimensions...). Programs write (rows, product of dimensions),
/// row-major.
struct ManifestOutput {
  Category category = Category::I;
  DType dtype = DType::F32;
  std::string name;
  std::vector<int64_t> dimensions;

  int64_t getRowElements() const;
};

/// One kernel of a program for a GPU, in the order of their launches.
struct ManifestKernel {
  std::string name;
  int64_t threads = 0; ///< of a block
};

/// What a workspace depends on beside items and threads: rows and blocks of i and of j.
struct ProgramExtent {
  int64_t rows[2];
  int64_t blocks[2];
  int64_t mostTerms[2]; ///< of a row of i, of j
};

/// The states of pieces: tiles of the kept rows, cut where they are few into at most `split`
/// pieces, KEOPS_MOST_PIECES each, of at least `leastTerms` terms.
struct ManifestPieces {
  Category kept = Category::I;
  int64_t tileRows = 1;
  int64_t leastTerms = 1;
  int64_t split = 1;
  int64_t bytes = 0; ///< of each

  /// At least as many as there are in an item; programs reckon with this number.
  int64_t count(const ProgramExtent &extent) const;
};

/// bytes + perThread * threads + items at once * (perItem + perRow[0] * M + perRow[1] * N +
/// perBlock[0] * blocks of i + perBlock[1] * blocks of j + bytes of all pieces)
struct ManifestWorkspace {
  int64_t bytes = 0;
  int64_t perThread = 0;
  int64_t perItem = 0;
  int64_t perRow[2] = {0, 0};
  int64_t perBlock[2] = {0, 0};
  std::vector<ManifestPieces> pieces;

  /// Both throw a user error when the sizes ask for more than memory can hold.
  int64_t getItemBytes(const ProgramExtent &extent) const;
  int64_t getBytes(const ProgramExtent &extent, int64_t itemsAtOnce, int32_t threads) const;
};

struct Manifest {
  std::string text;
  std::string symbol;
  std::vector<ManifestInput> inputs;
  std::vector<ManifestOutput> outputs;
  std::vector<ManifestKernel> kernels; ///< none where the program is for a CPU
  ManifestWorkspace workspace;
  double costPerPair = 1;

  /// Throws an internal error that quotes the first line it does not understand: an unknown item
  /// may be a condition that must hold before the program runs.
  static Manifest parse(std::string_view text);
};

} // namespace keops

#endif // KEOPS_RUNTIME_MANIFEST_H
