// Names of targets for GPUs of NVIDIA.
#include "keops/Target/Nvptx.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace keops;

static constexpr StringRef names[] = {
    "nvptx-sm_75",   "nvptx-sm_80",   "nvptx-sm_86",   "nvptx-sm_87",   "nvptx-sm_88",
    "nvptx-sm_89",   "nvptx-sm_90",   "nvptx-sm_90a",  "nvptx-sm_100",  "nvptx-sm_100a",
    "nvptx-sm_100f", "nvptx-sm_101",  "nvptx-sm_101a", "nvptx-sm_101f", "nvptx-sm_103",
    "nvptx-sm_103a", "nvptx-sm_103f", "nvptx-sm_110",  "nvptx-sm_110a", "nvptx-sm_110f",
    "nvptx-sm_120",  "nvptx-sm_120a", "nvptx-sm_120f", "nvptx-sm_121",  "nvptx-sm_121a",
    "nvptx-sm_121f"};

ArrayRef<StringRef> NvptxTarget::getNames() { return names; }

bool NvptxTarget::hasAsyncCopies() const { return chip != "sm_75"; }

FailureOr<NvptxTarget> NvptxTarget::get(StringRef name, std::string &error) {
  if (llvm::is_contained(names, name))
    return NvptxTarget{name.drop_front(StringRef("nvptx-").size()).str()};
  error = ("unknown GPU target '" + name + "'; expected " +
           llvm::join(ArrayRef(names).drop_back(), ", ") + " or " + ArrayRef(names).back())
              .str();
  return failure();
}
