// The module keops._keops: binds keops-c/keops.h and nothing else. What users see is written in
// Python beside it.
#include "Interrupt.h"
#include "Reduction.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

using namespace keops::python;

static nb::dict getCacheInfo() {
  keopsCacheInfo info;
  check(keopsCacheGetInfo(&info));
  nb::dict result;
  result["memory_hits"] = info.memory_hits;
  result["disk_hits"] = info.disk_hits;
  result["compilations"] = info.compilations;
  result["programs_in_memory"] = info.programs_in_memory;
  result["disk_entries"] = info.disk_entries;
  result["disk_bytes"] = info.disk_bytes;
  result["folder"] = info.folder;
  return result;
}

static void clearCache(bool memory, bool disk) {
  if (memory)
    check(keopsCacheClear(KEOPS_CACHE_MEMORY));
  if (disk)
    check(keopsCacheClear(KEOPS_CACHE_DISK));
}

static nb::dict getCompilerInfo() {
  const char *path, *llvmVersion, *hostTarget;
  check(keopsCompilerGetInfo(&path, &llvmVersion, &hostTarget));
  nb::dict result;
  result["path"] = path;
  result["llvm_version"] = llvmVersion;
  result["host_target"] = hostTarget;
  return result;
}

static nb::list getGpus() {
  int32_t count = 0;
  check(keopsDeviceGetCount(KEOPS_CUDA, &count));
  nb::list result;
  for (int32_t id = 0; id < count; ++id) {
    keopsDeviceInfo info = KEOPS_DEVICE_INFO_INIT;
    check(keopsDeviceGetInfo(KEOPS_CUDA, id, &info));
    nb::dict device;
    device["name"] = info.name;
    device["capability"] = nb::make_tuple(info.capability_major, info.capability_minor);
    device["multiprocessors"] = info.multiprocessors;
    device["memory_bytes"] = info.memory_bytes;
    device["driver_version"] = info.driver_version;
    result.append(device);
  }
  return result;
}

static nb::dict getSettings() {
  nb::dict result;
  auto visit = [](const char *name, const char *standard, const char *text, void *user) {
    (*static_cast<nb::dict *>(user))[name] = nb::make_tuple(standard, text);
  };
  keopsForEachSetting(visit, &result);
  return result;
}

/// A reduction holds what makes its results, which may hold the reduction.
static int visitReduction(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  if (nb::inst_ready(self))
    Py_VISIT(nb::inst_ptr<Reduction>(self)->getMakeTensor().ptr());
  return 0;
}

static int clearReduction(PyObject *self) {
  nb::inst_ptr<Reduction>(self)->forgetMakeTensor();
  return 0;
}

static PyType_Slot reductionSlots[] = {{Py_tp_traverse, reinterpret_cast<void *>(visitReduction)},
                                       {Py_tp_clear, reinterpret_cast<void *>(clearReduction)},
                                       {0, nullptr}};

NB_MODULE(_keops, m) {
  // PyTorch keeps the traceback of an uncaught exception, and with it reductions, beyond the end of
  // the module.
  nb::set_leak_warnings(false);
  // Opens the OpenMP runtime, so that whoever limits threads before the first reduction finds it.
  keopsGetNumThreads();
  adoptMainThread();
  nb::module_::import_("os").attr("register_at_fork")(nb::arg("after_in_child") =
                                                          nb::cpp_function(adoptMainThread));

  nb::class_<Reduction>(m, "Reduction", nb::type_slots(reductionSlots))
      .def(nb::init<std::string, std::vector<std::string>, const std::string &, std::string,
                    std::string, const std::string &, const std::string &, bool, nb::tuple,
                    nb::object>(),
           nb::arg("formula"), nb::arg("aliases"), nb::arg("precision") = "default",
           nb::arg("schedule") = "", nb::arg("caller") = "keops", nb::arg("sum_scheme") = "auto",
           nb::arg("dtype_acc") = "auto", nb::arg("complex_result") = false,
           nb::arg("tensor_types") = nb::tuple(), nb::arg("make_tensor").none() = nb::none())
      .def("compute", &Reduction::compute, nb::arg("arguments"), nb::arg("out").none() = nb::none(),
           nb::arg("ranges").none() = nb::none(), nb::arg("detached") = false,
           nb::arg("device").none() = nb::none(), nb::arg("stream").none() = nb::none())
      .def("find_batch", &Reduction::findBatch, nb::arg("arguments"), nb::arg("detached") = false,
           nb::arg("device").none() = nb::none())
      .def("run", &Reduction::run, nb::arg("arguments"), nb::arg("out").none() = nb::none(),
           nb::arg("ranges").none() = nb::none())
      .def("describe", &Reduction::describe, nb::arg("dtype"), nb::arg("gpu") = -1)
      .def("dump", &Reduction::dump, nb::arg("stage"), nb::arg("dtype"))
      .def_prop_ro("compile_info", &Reduction::getCompileInfo);

  m.def("set_num_threads", [](int count) { check(keopsSetNumThreads(count)); }, nb::arg("count"));
  m.def("get_num_threads", &keopsGetNumThreads);
  m.def("cache_info", getCacheInfo);
  m.def("cache_clear", clearCache, nb::arg("memory") = true, nb::arg("disk") = true);
  m.def("compiler_info", getCompilerInfo);
  m.def("gpus", getGpus);
  m.def("settings", getSettings);
  m.def("version", &keopsGetVersion);
  m.def("build_id", &keopsGetBuildId);
}
