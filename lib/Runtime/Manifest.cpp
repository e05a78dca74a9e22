// The parser of manifests. It trusts nothing: a manifest may come from a file.
#include "keops/Runtime/Manifest.h"
#include "keops-c/program.h"
#include "keops/Frontend/Limits.h"
#include "keops/Runtime/Error.h"

#include <algorithm>
#include <charconv>

namespace keops {

namespace {

/// More than any machine has; keeps all later sums of sizes free of overflow.
constexpr int64_t maxBytes = int64_t(1) << 47;

std::string_view takeWord(std::string_view &line) {
  size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos) {
    line = {};
    return {};
  }
  line.remove_prefix(begin);
  std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

/// Reads the words of one line; any failure names the line.
class LineReader {
public:
  explicit LineReader(std::string_view line) : line(line), rest(line) {}

  std::string_view word() {
    std::string_view text = takeWord(rest);
    if (text.empty())
      fail();
    return text;
  }

  int64_t integer(int64_t low, int64_t high) {
    std::string_view text = word();
    int64_t value = 0;
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || value < low || value > high)
      fail();
    return value;
  }

  double number() {
    std::string_view text = word();
    double value = 0;
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || !(value >= 0))
      fail();
    return value;
  }

  Category category(bool parameterAllowed) {
    std::string_view text = word();
    if (text == "i")
      return Category::I;
    if (text == "j")
      return Category::J;
    if (text != "p" || !parameterAllowed)
      fail();
    return Category::P;
  }

  DType dtype(bool indexAllowed) {
    std::string_view text = word();
    if (text == "f32")
      return DType::F32;
    if (text == "f64")
      return DType::F64;
    if (text == "f16")
      return DType::F16;
    if (text == "bf16")
      return DType::BF16;
    if (text != "i64" || !indexAllowed)
      fail();
    return DType::I64;
  }

  bool isAtEnd() const { return rest.find_first_not_of(' ') == std::string_view::npos; }

  void end() {
    if (!isAtEnd())
      fail();
  }

  [[noreturn]] void fail() const {
    raiseInternalError("the manifest of a program has a line that this version cannot read: '",
                       line.substr(0, 200), "'");
  }

private:
  std::string_view line;
  std::string_view rest;
};

ManifestInput readInput(LineReader &reader) {
  ManifestInput input;
  input.category = reader.category(/*parameterAllowed=*/true);
  input.dimension = reader.integer(1, maxDimension);
  input.dtype = reader.dtype(/*indexAllowed=*/false);
  std::string_view name = reader.word();
  if (name != "-")
    input.name = name;
  return input;
}

ManifestOutput readOutput(LineReader &reader) {
  ManifestOutput output;
  output.category = reader.category(/*parameterAllowed=*/false);
  output.dtype = reader.dtype(/*indexAllowed=*/true);
  output.name = reader.word();
  int64_t product = 1;
  while (!reader.isAtEnd() && output.dimensions.size() < 8) {
    output.dimensions.push_back(reader.integer(1, maxDimension * maxBestOf));
    if (__builtin_mul_overflow(product, output.dimensions.back(), &product) || product > maxBytes)
      reader.fail();
  }
  return output;
}

ManifestKernel readKernel(LineReader &reader) {
  constexpr int64_t mostThreads = 1024; // of a block, on any GPU
  ManifestKernel kernel;
  kernel.name = reader.word();
  kernel.threads = reader.integer(1, mostThreads);
  return kernel;
}

void readWorkspace(LineReader &reader, ManifestWorkspace &workspace) {
  int64_t *fields[] = {&workspace.bytes,      &workspace.perThread, &workspace.perItem,
                       &workspace.perRow[0],  &workspace.perRow[1], &workspace.perBlock[0],
                       &workspace.perBlock[1]};
  for (int64_t *field : fields)
    *field = reader.integer(0, maxBytes);
}

ManifestPieces readPieces(LineReader &reader) {
  ManifestPieces pieces;
  pieces.kept = reader.category(/*parameterAllowed=*/false);
  for (int64_t *field : {&pieces.tileRows, &pieces.leastTerms, &pieces.split})
    *field = reader.integer(1, maxBytes);
  pieces.bytes = reader.integer(0, maxBytes);
  return pieces;
}

void readItem(Manifest &manifest, std::string_view line) {
  LineReader reader(line);
  std::string_view item = reader.word();
  if (item == "symbol")
    manifest.symbol = reader.word();
  else if (item == "input")
    manifest.inputs.push_back(readInput(reader));
  else if (item == "output")
    manifest.outputs.push_back(readOutput(reader));
  else if (item == "kernel")
    manifest.kernels.push_back(readKernel(reader));
  else if (item == "workspace")
    readWorkspace(reader, manifest.workspace);
  else if (item == "pieces")
    manifest.workspace.pieces.push_back(readPieces(reader));
  else if (item == "cost")
    manifest.costPerPair = reader.number();
  else
    reader.fail();
  reader.end();
}

} // namespace

std::string_view getName(DType dtype) {
  static constexpr std::string_view names[] = {"float32",  "float64",   "int64",     "float16",
                                               "bfloat16", "complex64", "complex128"};
  return names[static_cast<size_t>(dtype)];
}

int64_t ManifestOutput::getRowElements() const {
  int64_t product = 1;
  for (int64_t dimension : dimensions)
    product *= dimension;
  return product;
}

namespace {
/// A sum of products that notices when it exceeds memory.
class ByteCount {
public:
  explicit ByteCount(int64_t total) : total(total) {}
  void add(int64_t count, int64_t each) {
    int64_t product = 0;
    overflow |= __builtin_mul_overflow(count, each, &product);
    overflow |= __builtin_add_overflow(total, product, &total);
  }
  int64_t get(const ProgramExtent &extent) const {
    if (overflow || total > maxBytes)
      raiseUserError("the arrays are too large: M = ", extent.rows[0], ", N = ", extent.rows[1]);
    return total;
  }

private:
  int64_t total;
  bool overflow = false;
};
} // namespace

int64_t ManifestPieces::count(const ProgramExtent &extent) const {
  auto side = static_cast<size_t>(kept);
  int64_t tiles = extent.rows[side] / tileRows + extent.blocks[side];
  int64_t terms = extent.mostTerms[side];
  int64_t useful = std::clamp<int64_t>((terms + leastTerms - 1) / leastTerms, 1, KEOPS_MOST_PIECES);
  int64_t cut = 0;
  bool isHuge = __builtin_mul_overflow(tiles, useful, &cut);
  return std::max(tiles, isHuge ? split : std::min(split, cut));
}

int64_t ManifestWorkspace::getItemBytes(const ProgramExtent &extent) const {
  ByteCount count(perItem);
  for (int side = 0; side < 2; ++side) {
    count.add(extent.rows[side], perRow[side]);
    count.add(extent.blocks[side], perBlock[side]);
  }
  for (const ManifestPieces &each : pieces)
    count.add(each.count(extent), each.bytes);
  return count.get(extent);
}

int64_t ManifestWorkspace::getBytes(const ProgramExtent &extent, int64_t itemsAtOnce,
                                    int32_t threads) const {
  ByteCount count(bytes);
  count.add(threads, perThread);
  count.add(itemsAtOnce, getItemBytes(extent));
  return count.get(extent);
}

Manifest Manifest::parse(std::string_view text) {
  Manifest manifest;
  manifest.text = text;
  bool isFirst = true;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (isFirst && line != "keops-program 3")
      LineReader(line).fail();
    if (!isFirst && !line.empty())
      readItem(manifest, line);
    isFirst = false;
  }
  if (manifest.symbol.empty() || manifest.outputs.empty() ||
      manifest.inputs.size() > size_t(maxArguments) ||
      manifest.outputs.size() > size_t(maxArguments))
    raiseInternalError("the manifest of a program is incomplete: '", manifest.text.substr(0, 200),
                       "'");
  return manifest;
}

} // namespace keops
