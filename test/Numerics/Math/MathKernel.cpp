// Text of the kernel, lowering to LLVM with upstream passes, and a small JIT of its own: this test
// must not depend on the product's code generation.
#include "MathKernel.h"
#include "keops/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/Extensions/AllExtensions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "gtest/gtest.h"

using namespace mlir;

namespace keops::test {

namespace {

std::string typeText(const KernelSpec &spec) {
  std::string element = "f" + std::to_string(spec.width);
  if (spec.lanes == 0)
    return element;
  std::string shape = spec.rows ? std::to_string(spec.rows) + "x" : "";
  return "vector<" + shape + std::to_string(spec.lanes) + "x" + element + ">";
}

std::string substitute(std::string text, const KernelSpec &spec) {
  for (size_t at; (at = text.find("$C(")) != std::string::npos;) {
    size_t end = text.find(')', at);
    std::string value = text.substr(at + 3, end - at - 3);
    text.replace(at, end - at + 1, spec.lanes ? "dense<" + value + ">" : value);
  }
  for (size_t at; (at = text.find("$T")) != std::string::npos;)
    text.replace(at, 2, typeText(spec));
  return text;
}

struct TextWriter {
  const KernelSpec &spec;
  std::string text = {};
  std::string memref =
      "memref<" + std::to_string(chunkSize) + "xf" + std::to_string(spec.width) + ">";
  std::string row =
      "vector<" + std::to_string(spec.lanes) + "xf" + std::to_string(spec.width) + ">";

  void line(const std::string &content) { text += content + "\n"; }

  std::string rowIndex(int k) { return "%i" + std::to_string(k); }

  void load(const std::string &name) {
    if (spec.lanes == 0)
      return line("%" + name + " = memref.load %m" + name + "[%i] : " + memref);
    if (spec.rows == 0)
      return line("%" + name + " = vector.load %m" + name + "[%i] : " + memref + ", " + row);
    std::string sum = "%" + name + "_zero";
    line(sum + " = arith.constant dense<0.0> : " + typeText(spec));
    for (int k = 0; k < spec.rows; ++k) {
      std::string part = "%" + name + "_row" + std::to_string(k);
      std::string next = k + 1 == spec.rows ? "%" + name : "%" + name + "_sum" + std::to_string(k);
      line(part + " = vector.load %m" + name + "[" + rowIndex(k) + "] : " + memref + ", " + row);
      line(next + " = vector.insert " + part + ", " + sum + " [" + std::to_string(k) +
           "] : " + row + " into " + typeText(spec));
      sum = next;
    }
  }

  void store() {
    if (spec.lanes == 0)
      return line("memref.store %y, %my[%i] : " + memref);
    if (spec.rows == 0)
      return line("vector.store %y, %my[%i] : " + memref + ", " + row);
    for (int k = 0; k < spec.rows; ++k) {
      std::string part = "%y_row" + std::to_string(k);
      line(part + " = vector.extract %y[" + std::to_string(k) + "] : " + row + " from " +
           typeText(spec));
      line("vector.store " + part + ", %my[" + rowIndex(k) + "] : " + memref + ", " + row);
    }
  }

  std::string write() {
    int step = std::max(1, spec.lanes) * std::max(1, spec.rows);
    line("func.func @kernel(%mx: " + memref + ", %mz: " + memref + ", %my: " + memref + ") {");
    line("%c0 = arith.constant 0 : index");
    line("%cn = arith.constant " + std::to_string(chunkSize) + " : index");
    line("%cs = arith.constant " + std::to_string(step) + " : index");
    line("scf.for %i = %c0 to %cn step %cs {");
    for (int k = 0; k < spec.rows; ++k) {
      line("%o" + std::to_string(k) + " = arith.constant " + std::to_string(k * spec.lanes) +
           " : index");
      line(rowIndex(k) + " = arith.addi %i, %o" + std::to_string(k) + " : index");
    }
    load("x");
    load("z");
    line(substitute(spec.body, spec));
    store();
    line("}\nreturn\n}");
    return text;
  }
};

MLIRContext &sharedContext() {
  static MLIRContext *context = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    registerAllPasses();
    DialectRegistry registry;
    registerAllDialects(registry);
    registerAllExtensions(registry);
    registerAllToLLVMIRTranslations(registry);
    auto *made = new MLIRContext(registry, MLIRContext::Threading::DISABLED);
    return made;
  }();
  return *context;
}

const char *const lowering =
    "canonicalize,cse,convert-vector-to-scf,convert-scf-to-cf,convert-vector-to-llvm,"
    "convert-math-to-llvm,finalize-memref-to-llvm,convert-arith-to-llvm,convert-ub-to-llvm,"
    "convert-index-to-llvm,convert-cf-to-llvm,convert-func-to-llvm{use-bare-ptr-memref-call-conv=1}"
    ","
    "reconcile-unrealized-casts";

ApproximateMathOptions optionsFor(const KernelSpec &spec) {
  ApproximateMathOptions options;
  options.precision = spec.precision;
  options.hasFMA = spec.target != MathTarget::Plain;
  if (spec.target == MathTarget::Fma)
    options.isa = MathIsa::Avx2;
  if (spec.target == MathTarget::Avx512)
    options.isa = MathIsa::Avx512;
  if (spec.target == MathTarget::Gpu)
    options.isa = MathIsa::Gpu;
  options.emulateHardware = spec.target == MathTarget::Gpu;
  return options;
}

void applyBuilder(ModuleOp module, const KernelSpec &spec) {
  module.getContext()->loadDialect<math::MathDialect>();
  module.walk([&](arith::NegFOp stand) {
    OpBuilder builder(stand);
    stand.replaceAllUsesWith(spec.builder(builder, stand.getLoc(), stand.getOperand()));
    stand.erase();
    return WalkResult::interrupt();
  });
}

OwningOpRef<ModuleOp> lower(const KernelSpec &spec) {
  MLIRContext &context = sharedContext();
  auto module = parseSourceString<ModuleOp>(TextWriter{spec}.write(), &context);
  if (!module)
    llvm::report_fatal_error("the text of a test kernel does not parse");
  if (spec.builder)
    applyBuilder(*module, spec);
  PassManager passes(&context);
  passes.addPass(createApproximateMathPass(optionsFor(spec)));
  ExpandShortFloatsOptions shortFloats;
  shortFloats.f16c = spec.target != MathTarget::Plain;
  passes.addPass(createExpandShortFloats(shortFloats));
  PassManager rest(&context);
  if (failed(parsePassPipeline(lowering, rest)) || failed(passes.run(*module)) ||
      failed(rest.run(*module)))
    llvm::report_fatal_error("a test kernel does not lower to LLVM");
  return module;
}

StringRef cpuFor(MathTarget target) {
  switch (target) {
  case MathTarget::Plain:
    return "x86-64-v2";
  case MathTarget::Fma:
  case MathTarget::Gpu:
    return "x86-64-v3";
  case MathTarget::Avx512:
    return "x86-64-v4";
  }
  llvm_unreachable("unknown target");
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

} // namespace

MathKernel::MathKernel(const KernelSpec &spec) {
  OwningOpRef<ModuleOp> lowered = lower(spec);
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module = translateModuleToLLVMIR(*lowered, *llvmContext);
  llvm::orc::JITTargetMachineBuilder machineBuilder{llvm::Triple(llvm::sys::getProcessTriple())};
  machineBuilder.setCPU(cpuFor(spec.target).str());
  auto machine = llvm::cantFail(machineBuilder.createTargetMachine());
  module->setDataLayout(machine->createDataLayout());
  module->setTargetTriple(machine->getTargetTriple());
  for (llvm::Function &function : *module) {
    function.addFnAttr("target-cpu", cpuFor(spec.target));
    function.addFnAttr("prefer-vector-width", "512");
  }
  optimize(*module, *machine);
  jit =
      llvm::cantFail(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(machineBuilder).create());
  jit->getMainJITDylib().addGenerator(
      llvm::cantFail(llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
          jit->getDataLayout().getGlobalPrefix())));
  llvm::cantFail(
      jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(llvmContext))));
  function =
      llvm::cantFail(jit->lookup("kernel")).toPtr<void (*)(const void *, const void *, void *)>();
}

MathKernel::~MathKernel() = default;
MathKernel::MathKernel(MathKernel &&) noexcept = default;

std::vector<Place> allPlaces() {
  std::vector<Place> places;
  for (unsigned width : {32, 64})
    for (MathTarget target :
         {MathTarget::Plain, MathTarget::Fma, MathTarget::Avx512, MathTarget::Gpu})
      places.push_back({width, target});
  return places;
}

std::string nameOf(const Place &place) {
  return "f" + std::to_string(place.width) + "_" + nameOf(place.target).str();
}

void PrintTo(const Place &place, std::ostream *os) { *os << nameOf(place); }

const MathBound *findBound(StringRef opName, Place place, MathPrecision precision) {
  static const SmallVector<MathBound> bounds = getMathBounds();
  for (const MathBound &bound : bounds)
    if (bound.opName == opName && bound.width == place.width && bound.target == place.target &&
        bound.precision == precision)
      return &bound;
  return nullptr;
}

bool repeatsLevelBelow(StringRef opName, Place place, MathPrecision precision) {
  if (precision == MathPrecision::Fast)
    return false;
  const MathBound *here = findBound(opName, place, precision);
  const MathBound *below = findBound(opName, place, MathPrecision(unsigned(precision) - 1));
  return !here || (here->method == below->method && here->maxUlp == below->maxUlp);
}

std::string whyNotOnThisHost(MathTarget target) {
  if (!llvm::Triple(llvm::sys::getProcessTriple()).isX86())
    return target == MathTarget::Plain ? "" : "the host is not x86";
  auto features = llvm::sys::getHostCPUFeatures();
  std::string missing;
  auto need = [&](StringRef feature) {
    if (!features.lookup(feature))
      missing += " " + feature.str();
  };
  if (target != MathTarget::Plain)
    for (StringRef feature : {"fma", "avx2", "bmi2"})
      need(feature);
  if (target == MathTarget::Avx512)
    for (StringRef feature : {"avx512f", "avx512dq", "avx512vl", "avx512bw"})
      need(feature);
  return missing.empty() ? "" : "the host lacks" + missing;
}

StringRef nameOf(MathTarget target) {
  constexpr StringRef names[] = {"plain", "fma", "avx512", "gpu"};
  return names[unsigned(target)];
}

StringRef nameOf(MathPrecision precision) {
  constexpr StringRef names[] = {"fast", "default", "high"};
  return names[unsigned(precision)];
}

} // namespace keops::test
