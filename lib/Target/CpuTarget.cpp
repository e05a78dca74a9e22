// Names of targets and what follows from them for schedules and math.
#include "keops/Target/Target.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace mlir;
using namespace keops;

static CpuTarget level(StringRef cpu, int64_t lanes32, bool fma, bool avx2, bool avx512) {
  CpuTarget target;
  target.triple = "x86_64-unknown-linux-gnu";
  target.cpu = cpu;
  target.lanes32 = lanes32;
  target.hasFMA = fma;
  target.hasAVX2 = avx2;
  target.hasF16C = fma; // they came together: x86-64-v3, and every AArch64
  target.hasAVX512 = avx512;
  return target;
}

static CpuTarget native() {
  CpuTarget target;
  target.triple = llvm::sys::getProcessTriple();
  target.cpu = llvm::sys::getHostCPUName();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  llvm::SubtargetFeatures list;
  SmallVector<StringRef> names;
  for (const auto &feature : features)
    names.push_back(feature.getKey());
  llvm::sort(names); // the text is part of cache keys
  for (StringRef name : names)
    list.AddFeature(name, features.lookup(name));
  target.features = list.getString();
  auto has = [&](StringRef name) { return features.lookup(name); };
  bool arm = StringRef(target.triple).starts_with("aarch64");
  target.hasAVX512 = has("avx512f") && has("avx512dq") && has("avx512vl");
  target.hasAVX2 = has("avx2");
  target.hasFMA = arm || has("fma");
  target.hasF16C = arm || has("f16c");
  target.lanes32 = target.hasAVX512 ? 16 : target.hasAVX2 ? 8 : 4;
  return target;
}

FailureOr<CpuTarget> CpuTarget::get(StringRef name, std::string &error) {
  if (name == "native" || name.empty())
    return native();
  if (name == "x86-64-v2")
    return level(name, 4, false, false, false);
  if (name == "x86-64-v3")
    return level(name, 8, true, true, false);
  if (name == "x86-64-v4")
    return level(name, 16, true, true, true);
  if (name == "aarch64") {
    CpuTarget target = level("generic", 4, true, false, false);
    target.triple = "aarch64-unknown-linux-gnu";
    return target;
  }
  if (name == "gpu-emulator" || name == "gpu-emulator-races") {
    CpuTarget target = native();
    target.machine = name == "gpu-emulator" ? Machine::GpuEmulator : Machine::GpuEmulatorRaces;
    return target;
  }
  error = ("unknown target '" + name +
           "'; expected native, x86-64-v2, x86-64-v3, x86-64-v4, aarch64, gpu-emulator or "
           "gpu-emulator-races")
              .str();
  return failure();
}

PipelineOptions CompileOptions::pipeline() const {
  PipelineOptions options;
  options.machine = nvptx ? Machine::Nvptx : target.machine;
  options.lanes32 = target.lanes32;
  options.hasFMA = target.hasFMA;
  options.hasAVX2 = target.hasAVX2;
  options.hasAVX512 = target.hasAVX512;
  options.hasF16C = target.hasF16C;
  options.precision = precision;
  options.threads = threads;
  options.plainFunction = plainFunction;
  options.schedule = schedule;
  return options;
}
