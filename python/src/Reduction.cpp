// Programs of one formula, and what is known of them. What a call does is in Call.h.
#include "Call.h"

namespace keops::python {

namespace {

/// The position of `text`, an option of the function `caller`, in `names`.
template <typename Code>
Code parseName(const std::string &caller, const char *option,
               const std::vector<const char *> &names, const std::string &text) {
  std::string expected;
  for (size_t k = 0; k < names.size(); ++k) {
    if (text == names[k])
      return Code(k);
    const char *separator = k == 0 ? "'" : k + 1 == names.size() ? "' or '" : "', '";
    expected += separator + std::string(names[k]);
  }
  std::string message = caller + ": " + option + ": expected " + expected + "', got '" + text + "'";
  throw nb::value_error(message.c_str());
}

void appendText(const char *data, size_t size, void *user) {
  static_cast<std::string *>(user)->append(data, size);
}

const char *getSourceName(keopsSource source) {
  static const char *const names[] = {"memory", "disk", "compiled", "ahead of time"};
  return names[source];
}

} // namespace

Reduction::Reduction(std::string formula, std::vector<std::string> aliases,
                     const std::string &precision, std::string schedule, std::string caller,
                     const std::string &sumScheme, const std::string &accumulator, bool isComplex,
                     nb::tuple tensorTypes, nb::object makeTensor)
    : formula(std::move(formula)), aliases(std::move(aliases)), schedule(std::move(schedule)),
      caller(std::move(caller)),
      precision(parseName<keopsPrecision>(this->caller, "precision", {"default", "fast", "high"},
                                          precision)),
      sumScheme(parseName<keopsSumScheme>(this->caller, "sum_scheme",
                                          {"auto", "direct_sum", "block_sum", "kahan_scheme"},
                                          sumScheme)),
      accumulator(parseName<keopsAccumulator>(this->caller, "dtype_acc",
                                              {"auto", "float32", "float64"}, accumulator)),
      isComplex(isComplex), tensorTypes(std::move(tensorTypes)),
      exchange(nb::len(this->tensorTypes) > 0 ? findExchange(this->tensorTypes[0]) : nullptr),
      makeTensor(std::move(makeTensor)) {
  for (const std::string &alias : this->aliases)
    aliasPointers.push_back(alias.c_str());
}

keopsProgramOptions Reduction::getOptions(keopsDType dtype) const {
  keopsProgramOptions options = KEOPS_PROGRAM_OPTIONS_INIT;
  options.formula = formula.c_str();
  options.aliases = aliasPointers.data();
  options.alias_count = int32_t(aliasPointers.size());
  options.dtype = dtype;
  options.precision = precision;
  options.sum_scheme = sumScheme;
  options.accumulator = accumulator;
  options.schedule = schedule.c_str();
  options.caller = caller.c_str();
  return options;
}

ProgramPtr &Reduction::findProgram(keopsDType dtype, Device device) {
  return device.isCpu() ? programs[dtype] : onGpus[{dtype, device.id}];
}

keopsProgram Reduction::getProgram(keopsDType dtype, Device device) {
  latest = dtype;
  ProgramPtr &known = findProgram(dtype, device);
  if (known)
    return known.get();
  keopsProgramOptions options = getOptions(dtype);
  options.device_type = keopsDeviceType(device.type);
  options.device_id = device.id;
  keopsProgram made = nullptr;
  keopsStatus status;
  {
    nb::gil_scoped_release release;
    status = keopsProgramCreate(&options, &made);
  }
  check(status);
  // Another thread may have been faster while the GIL was released.
  if (known)
    keopsProgramDestroy(made);
  else
    known.reset(made);
  return known.get();
}

nb::object Reduction::compute(const nb::tuple &arguments, nb::handle out, nb::handle ranges,
                              bool isDetached, nb::handle wantedDevice, nb::handle stream) {
  Call call(*this, isDetached, stream);
  if (!call.readArguments(arguments, wantedDevice))
    return nb::borrow(Py_NotImplemented);
  call.readRanges(ranges);
  return call.compute(out);
}

nb::object Reduction::findBatch(const nb::tuple &arguments, bool isDetached,
                                nb::handle wantedDevice) {
  Call call(*this, isDetached, nb::none());
  if (!call.readArguments(arguments, wantedDevice))
    return nb::borrow(Py_NotImplemented);
  return call.findBatch();
}

/// The element type of a program by its name.
static keopsDType parseDType(const std::string &caller, const std::string &name) {
  constexpr keopsDType types[] = {KEOPS_F32, KEOPS_F64, KEOPS_F16, KEOPS_BF16};
  std::vector<const char *> names;
  for (keopsDType type : types)
    names.push_back(getName(type));
  return types[parseName<size_t>(caller, "dtype", names, name)];
}

nb::tuple Reduction::describe(const std::string &dtype, int32_t gpu) {
  Device device = gpu < 0 ? Device{Device::cpu, 0} : Device{Device::cuda, gpu};
  keopsProgram program = getProgram(parseDType(caller, dtype), device);
  nb::list inputs, outputs;
  for (int32_t k = 0; k < keopsProgramGetInputCount(program); ++k) {
    keopsInputInfo info;
    check(keopsProgramGetInput(program, k, &info));
    inputs.append(nb::make_tuple(int(info.category), info.dimension, info.name));
  }
  for (int32_t k = 0; k < keopsProgramGetOutputCount(program); ++k) {
    keopsOutputInfo info;
    check(keopsProgramGetOutput(program, k, &info));
    outputs.append(nb::make_tuple(int(info.category), getName(info.dtype),
                                  toTuple(info.dimensions, info.dimension_count), info.name));
  }
  return nb::make_tuple(inputs, outputs);
}

std::string Reduction::dump(const std::string &stage, const std::string &dtype) const {
  keopsProgramOptions options = getOptions(parseDType(caller, dtype));
  std::string text;
  keopsStatus status;
  {
    nb::gil_scoped_release release;
    status = keopsDumpIR(&options, stage.c_str(), appendText, &text);
  }
  check(status);
  return text;
}

nb::object Reduction::getCompileInfo() const {
  if (latest < 0 || !programs[latest])
    return nb::none();
  keopsCompileInfo info;
  check(keopsProgramGetCompileInfo(programs[latest].get(), &info));
  nb::dict result;
  result["source"] = getSourceName(info.source);
  result["cpu_ms"] = info.cpu_milliseconds;
  result["wall_ms"] = info.wall_milliseconds;
  result["dtype"] = getName(keopsDType(latest));
  return result;
}

} // namespace keops::python
