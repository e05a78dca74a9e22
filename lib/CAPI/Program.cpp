// Programs: creation, description, dumps. Checks and translates arguments, forwards to lib/Runtime.
#include "Handles.h"
#include "keops/Frontend/Limits.h"
#include "keops/Runtime/Settings.h"

using namespace keops;
using namespace keops::capi;

static const char *getPrecisionName(int32_t code) {
  static const char *const names[] = {"default", "fast", "high"};
  if (code < KEOPS_PRECISION_DEFAULT || code > KEOPS_PRECISION_HIGH)
    raiseUserError("argument 'options': unknown precision ", code);
  return names[code];
}

static const char *getDTypeName(int32_t code) {
  switch (code) {
  case KEOPS_F32:
    return "f32";
  case KEOPS_F64:
    return "f64";
  case KEOPS_F16:
    return "f16";
  case KEOPS_BF16:
    return "bf16";
  default:
    raiseUserError("argument 'options': expected dtype KEOPS_F32, KEOPS_F64, KEOPS_F16 or "
                   "KEOPS_BF16, got ",
                   code);
  }
}

static const char *getSumSchemeName(int32_t code) {
  static const char *const names[] = {"auto", "direct_sum", "block_sum", "kahan_scheme"};
  if (code < KEOPS_SUM_AUTO || code > KEOPS_SUM_KAHAN)
    raiseUserError("argument 'options': unknown sum_scheme ", code);
  return names[code];
}

static const char *getAccumulatorName(int32_t code) {
  static const char *const names[] = {"auto", "f32", "f64"};
  if (code < KEOPS_ACCUMULATOR_AUTO || code > KEOPS_ACCUMULATOR_F64)
    raiseUserError("argument 'options': unknown accumulator ", code);
  return names[code];
}

static keopsProgramOptions readOptions(const keopsProgramOptions *given) {
  keopsProgramOptions standard = KEOPS_PROGRAM_OPTIONS_INIT;
  return capi::readOptions(require(given, "options"), standard);
}

/// Null for this processor.
static cuda::Device *findDevice(const keopsProgramOptions &options) {
  if (isCuda(options.device_type, "options.device_type"))
    return &cuda::getDevice(options.device_id);
  return nullptr;
}

static Request readRequest(const keopsProgramOptions &options, const cuda::Device *device) {
  Request request;
  request.formula = require(options.formula, "options.formula");
  if (options.alias_count < 0 || options.alias_count > maxArguments)
    raiseUserError("expected 0 to ", maxArguments, " aliases, got ", options.alias_count);
  if (options.alias_count > 0)
    require(options.aliases, "options.aliases");
  for (int32_t k = 0; k < options.alias_count; ++k)
    request.aliases.emplace_back(require(options.aliases[k], "options.aliases[k]"));
  request.dtype = getDTypeName(getCode(options.dtype));
  request.precision = getPrecisionName(getCode(options.precision));
  request.threads = options.single_threaded ? "none" : "openmp";
  if (device) {
    request.target = cuda::getTarget(*device);
    request.isForDevice = true;
    request.threads = "none"; // says nothing of kernels
  } else {
    request.target = getSettings().target;
  }
  request.schedule = options.schedule ? options.schedule : "";
  request.sumScheme = getSumSchemeName(getCode(options.sum_scheme));
  request.accumulator = getAccumulatorName(getCode(options.accumulator));
  return request;
}

static keopsSource toC(ProgramSource source) {
  switch (source) {
  case ProgramSource::Memory:
    return KEOPS_FROM_MEMORY;
  case ProgramSource::Disk:
    return KEOPS_FROM_DISK;
  case ProgramSource::Compiled:
    return KEOPS_COMPILED;
  }
  raiseInternalError("unknown source of a program");
}

/// The entry of a list, after checking handle and index.
template <typename T>
static const T &at(const std::vector<T> &list, int32_t index, const char *what) {
  if (index < 0 || size_t(index) >= list.size())
    raiseUserError("argument 'index': expected 0 to ", int64_t(list.size()) - 1, " (", what,
                   "s of this program), got ", index);
  return list[size_t(index)];
}

/// Kernels are loaded at once, so that it is not a run that fails or takes its time.
static keopsProgram create(std::shared_ptr<const Program> program, std::vector<std::string> names,
                           keopsCompileInfo info, cuda::Device *device) {
  if (device)
    program->getImage()->load(*device, program->getManifest());
  return new keopsProgram_s{std::move(program), std::move(names), info, device};
}

static std::vector<std::string> getNames(const Manifest &manifest) {
  std::vector<std::string> names;
  names.reserve(manifest.inputs.size());
  for (const ManifestInput &input : manifest.inputs)
    names.push_back(input.name);
  return names;
}

static constexpr keopsCompileInfo aheadOfTime = {KEOPS_AHEAD_OF_TIME, 0.0, 0.0};

keopsStatus keopsProgramCreate(const keopsProgramOptions *options, keopsProgram *program) {
  return guard(getCaller(options, __func__), [&] {
    *require(program, "program") = nullptr;
    keopsProgramOptions known = readOptions(options);
    cuda::Device *device = findDevice(known);
    Request request = readRequest(known, device);
    CachedProgram found = ProgramCache::get().get(request);
    keopsCompileInfo info{toC(found.source), found.cpuMilliseconds, found.wallMilliseconds};
    *program = create(std::move(found.program), request.getArgumentNames(), info, device);
  });
}

keopsStatus keopsProgramCreateFromEntry(const char *manifest, int32_t (*entry)(const keops_args *),
                                        keopsProgram *program) {
  return guard(__func__, [&] {
    *require(program, "program") = nullptr;
    Manifest parsed = Manifest::parse(require(manifest, "manifest"));
    std::vector<std::string> names = getNames(parsed);
    auto made = std::make_shared<const Program>(std::move(parsed), require(entry, "entry"));
    *program = create(std::move(made), std::move(names), aheadOfTime, nullptr);
  });
}

keopsStatus keopsProgramCreateFromKernels(const char *manifest, const void *code, size_t code_size,
                                          int32_t device_id, keopsProgram *program) {
  return guard(__func__, [&] {
    *require(program, "program") = nullptr;
    Manifest parsed = Manifest::parse(require(manifest, "manifest"));
    if (parsed.kernels.empty())
      raiseUserError("argument 'manifest': expected one of a program of kernels, got one of a "
                     "program for a processor");
    std::vector<std::string> names = getNames(parsed);
    std::string text(static_cast<const char *>(require(code, "code")), code_size);
    auto made = std::make_shared<const Program>(std::move(parsed), std::move(text));
    *program = create(std::move(made), std::move(names), aheadOfTime, &cuda::getDevice(device_id));
  });
}

void keopsProgramDestroy(keopsProgram program) { delete program; }

int32_t keopsProgramGetInputCount(keopsProgram program) {
  return program ? int32_t(program->getManifest().inputs.size()) : 0;
}

int32_t keopsProgramGetOutputCount(keopsProgram program) {
  return program ? int32_t(program->getManifest().outputs.size()) : 0;
}

keopsStatus keopsProgramGetInput(keopsProgram program, int32_t index, keopsInputInfo *info) {
  return guard(__func__, [&] {
    const auto &input = at(require(program, "program")->getManifest().inputs, index, "input");
    const auto &names = program->argumentNames;
    bool isNamed = size_t(index) < names.size();
    *require(info, "info") = {keopsCategory(input.category), keopsDType(input.dtype),
                              input.dimension, isNamed ? names[size_t(index)].c_str() : ""};
  });
}

keopsStatus keopsProgramGetOutput(keopsProgram program, int32_t index, keopsOutputInfo *info) {
  return guard(__func__, [&] {
    const auto &output = at(require(program, "program")->getManifest().outputs, index, "output");
    *require(info, "info") = {keopsCategory(output.category), keopsDType(output.dtype),
                              output.name.c_str(), int32_t(output.dimensions.size()),
                              output.dimensions.data()};
  });
}

const char *keopsProgramGetManifest(keopsProgram program) {
  return program ? program->getManifest().text.c_str() : "";
}

keopsStatus keopsProgramGetCompileInfo(keopsProgram program, keopsCompileInfo *info) {
  return guard(__func__,
               [&] { *require(info, "info") = require(program, "program")->compileInfo; });
}

keopsStatus keopsDumpIR(const keopsProgramOptions *options, const char *stage,
                        keopsTextCallback text, void *user) {
  return guard(getCaller(options, __func__), [&] {
    require(stage, "stage");
    require(text, "text");
    keopsProgramOptions known = readOptions(options);
    std::string dump = dumpRequest(readRequest(known, findDevice(known)), stage);
    text(dump.data(), dump.size(), user);
  });
}
