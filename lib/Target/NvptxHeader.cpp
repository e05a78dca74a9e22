// Writes the C header of kernels that were compiled ahead of time: their names and sizes, what one
// is launched with, and a function that fills it. It needs no header of CUDA.
#include "HeaderText.h"

#include "keops/Target/Nvptx.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace keops;

namespace {
class KernelsHeader {
public:
  KernelsHeader(StringRef text, StringRef formula)
      : manifest(Manifest::parse(text)), formula(formula), name(manifest.symbol),
        arguments(getHeaderArguments(manifest)), os(out) {}
  std::string write();

private:
  void writeComment();
  void writeKernels();
  void writeLaunch();
  void writeWorkspace();
  void writePrepare();

  Manifest manifest;
  StringRef formula;
  std::string name;
  SmallVector<HeaderArgument> arguments;
  std::string out;
  raw_string_ostream os;
};
} // namespace

void KernelsHeader::writeComment() {
  os << "/* " << formula << "\n *\n"
     << " * Kernels for GPUs of NVIDIA, in PTX or a CUDA binary. All arrays are contiguous, "
        "row-major "
        "and in memory\n * of the GPU; M and N may be 0.\n";
  for (const HeaderArgument &argument : arguments)
    os << " *   " << argument.name << ": " << argument.shape << "\n";
  os << " * A run launches all kernels in this order on one stream, each on the same grid of any "
        "number of blocks\n * and with the same parameter:\n";
  for (const ManifestKernel &kernel : manifest.kernels)
    os << " *   " << kernel.name << ": " << kernel.threads << " threads a block\n";
  StringRef kernel = manifest.kernels.empty() ? StringRef(name) : manifest.kernels.front().name;
  os << " * With the driver's interface:\n"
     << " *   " << name << "_tables tables; // its copy on the GPU is device_tables\n"
     << " *   " << name << "_launch launch = " << name << "_prepare(&tables, device_tables, M, N";
  for (const HeaderArgument &argument : arguments)
    os << ", " << argument.name;
  os << ", workspace, blocks);\n"
     << " *   void *parameters[] = {&launch};\n"
     << " *   cuMemcpyHtoD(device_tables, &tables, sizeof tables);\n"
     << " *   cuLaunchKernel(" << kernel << ", blocks, 1, 1, "
     << (manifest.kernels.empty() ? 0 : manifest.kernels.front().threads)
     << ", 1, 1, 0, stream, parameters, NULL); */\n";
}

void KernelsHeader::writeKernels() {
  os << "enum { " << name << "_kernel_count = " << manifest.kernels.size() << " };\n"
     << "static const char *const " << name << "_kernel_names[] = {";
  interleave(
      manifest.kernels, [&](const ManifestKernel &kernel) { os << '"' << kernel.name << '"'; },
      [&] { os << ", "; });
  os << "};\nstatic const int32_t " << name << "_kernel_threads[] = {";
  interleave(
      manifest.kernels, [&](const ManifestKernel &kernel) { os << kernel.threads; },
      [&] { os << ", "; });
  os << "};\n\n";
}

/// The same bytes as `keops_launch` of keops-c/program.h, which users need not have.
void KernelsHeader::writeLaunch() {
  os << "typedef struct " << name << "_launch {\n"
     << "  int64_t size_i, size_j;\n"
     << "  const void *no_arrays[2];\n"
     << "  void *workspace;\n"
     << "  const void *no_polls[3];\n"
     << "  struct {\n"
     << "    const int64_t *blocks, *intervals;\n"
     << "    int64_t block_count, most_terms;\n"
     << "  } work[2];\n"
     << "  int64_t items, items_at_once;\n"
     << "  const int64_t *item_offsets;\n"
     << "  int64_t blocks;\n"
     << "  int64_t first_item;\n"
     << "  struct {\n"
     << "    const void *data;\n"
     << "    int64_t row_stride, component_stride;\n"
     << "  } arrays[" << arguments.size() << "];\n"
     << "} " << name << "_launch;\n\n"
     << "typedef struct " << name << "_tables {\n"
     << "  int64_t blocks[2][5], intervals[2][2], item_offsets[" << arguments.size() << "];\n"
     << "} " << name << "_tables;\n\n";
}

void KernelsHeader::writeWorkspace() {
  int64_t bytes = manifest.workspaceConstant + manifest.workspacePerItem +
                  manifest.workspacePerBlockI + manifest.workspacePerBlockJ;
  os << "/* Bytes that `workspace` must have, aligned to 64. */\n"
     << "static inline int64_t " << name << "_workspace(int64_t M, int64_t N, int32_t blocks) {\n"
     << "  return " << bytes << " + " << manifest.workspacePerI << " * M + "
     << manifest.workspacePerJ << " * N + INT64_C(" << manifest.workspacePerThread
     << ") * blocks;\n}\n\n";
}

void KernelsHeader::writePrepare() {
  SmallVector<std::string> parameters = {name + "_tables *tables",
                                         "const " + name + "_tables *device_tables", "int64_t M",
                                         "int64_t N"};
  for (const HeaderArgument &argument : arguments)
    parameters.push_back(argument.declaration);
  parameters.push_back("void *workspace");
  parameters.push_back("int32_t blocks");
  os << "/* What the kernels are launched with. They read a copy of `tables`, which this fills, at "
        "`device_tables`. */\n"
     << "static inline " << name << "_launch " << name << "_prepare(" << join(parameters, ", ")
     << ") {\n"
     << "  const int64_t sizes[2] = {M, N};\n"
     << "  " << name << "_launch launch;\n"
     << "  int k;\n"
     << "  memset(tables, 0, sizeof *tables);\n"
     << "  memset(&launch, 0, sizeof launch);\n"
     << "  launch.size_i = M;\n"
     << "  launch.size_j = N;\n"
     << "  launch.workspace = workspace;\n"
     << "  launch.items = launch.items_at_once = 1;\n"
     << "  launch.item_offsets = device_tables->item_offsets;\n"
     << "  launch.blocks = blocks;\n"
     << "  for (k = 0; k < 2; ++k) {\n"
     << "    tables->blocks[k][1] = sizes[k];\n"
     << "    tables->blocks[k][3] = 1;\n"
     << "    tables->blocks[k][4] = tables->intervals[k][1] = sizes[1 - k];\n"
     << "    launch.work[k].blocks = device_tables->blocks[k];\n"
     << "    launch.work[k].intervals = device_tables->intervals[k];\n"
     << "    launch.work[k].block_count = 1;\n"
     << "    launch.work[k].most_terms = sizes[1 - k];\n"
     << "  }\n";
  for (auto [k, argument] : enumerate(arguments))
    os << "  launch.arrays[" << k << "].data = " << argument.name << ";\n"
       << "  launch.arrays[" << k << "].row_stride = " << argument.components << ";\n"
       << "  launch.arrays[" << k << "].component_stride = 1;\n";
  os << "  return launch;\n}\n";
}

std::string KernelsHeader::write() {
  writeComment();
  std::string comment = std::exchange(out, {});
  writeKernels();
  writeLaunch();
  writeWorkspace();
  writePrepare();
  return wrapHeader(manifest, comment, {"stdint.h", "string.h"}, out);
}

std::string keops::emitKernelsHeader(StringRef text, StringRef formula) {
  return KernelsHeader(text, formula).write();
}
