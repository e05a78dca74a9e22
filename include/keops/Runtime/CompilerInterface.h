// The C interface between libkeops.so (no LLVM) and libkeops-compiler.so, which the runtime opens
// with dlopen on the first cache miss. Both sides include this file and nothing else of each other.
#ifndef KEOPS_RUNTIME_COMPILERINTERFACE_H
#define KEOPS_RUNTIME_COMPILERINTERFACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What is to be compiled. Strings end with NUL and belong to the caller.
struct KeopsCompileRequest {
  const char *formula;        ///< full reduction text, e.g. "Sum_Reduction(Exp(-SqDist(x,y))*b,0)"
  const char *const *aliases; ///< e.g. "x=Vi(3)" or "x=Vi(0,3)"
  int32_t aliasCount;
  const char *dtype;       ///< "f32" | "f64" | "f16" | "bf16"
  const char *precision;   ///< "fast" | "default" | "high"
  const char *threads;     ///< "openmp" | "none"
  const char *target;      ///< "native" or a name of keopsc --target
  const char *schedule;    ///< forced schedule fields as "rows=2,lanes=8", or ""
  const char *sumScheme;   ///< "auto" | "direct_sum" | "block_sum" | "kahan_scheme"
  const char *accumulator; ///< "auto" | "f32" | "f64"
  const char *symbol;      ///< name of the exported function
};

/// Receives one piece of text or bytes; `data` lives only during the call.
typedef void (*KeopsBytesCallback)(const char *data, size_t size, void *user);

/// Compiles to one relocatable object; for "nvptx-..." to PTX, behind which a NUL and a CUDA binary
/// may stand. On success (0) calls `object` and `manifest` once each. On
/// failure calls `error` once with the whole message (formula errors with a caret line) and returns
/// 1 for the user's mistake, 2 for an internal fault (the message then holds the IR).
/// On success `error` may be called once too, with warnings for the log.
typedef int32_t (*KeopsCompileFn)(const KeopsCompileRequest *request, KeopsBytesCallback object,
                                  KeopsBytesCallback manifest, KeopsBytesCallback error,
                                  void *user);

/// Prints the program after a named stage: "keops" | "expanded" | "scheduled" | "loops" | "llvm" |
/// "asm".
typedef int32_t (*KeopsDumpFn)(const KeopsCompileRequest *request, const char *stage,
                               KeopsBytesCallback text, KeopsBytesCallback error, void *user);

/// Links an object into this process, with the OpenMP runtime whose dlopen handle is `openMP`
/// (nullptr where there is none). Returns an opaque handle (nullptr after calling `error`);
/// `*entry` receives the address of `symbol`, to be called as int32_t(const keops_args *).
typedef void *(*KeopsLinkFn)(const char *object, size_t size, const char *symbol, void *openMP,
                             void **entry, KeopsBytesCallback error, void *user);
typedef void (*KeopsUnlinkFn)(void *handle);

/// What the last fault (KEOPS_STEP_FAULT) of a linked program in this thread was; valid until it
/// runs another one.
typedef const char *(*KeopsGetFaultFn)(void);

/// The table exported by libkeops-compiler.so under the name `keopsCompilerInterface`.
struct KeopsCompilerInterface {
  int32_t version; ///< KEOPS_COMPILER_INTERFACE_VERSION
  KeopsCompileFn compile;
  KeopsDumpFn dump;
  KeopsLinkFn link;
  KeopsUnlinkFn unlink;
  const char *llvmVersion; ///< e.g. "22.1.8"
  const char *hostTarget;  ///< CPU name and features of this machine; part of every cache key
  KeopsGetFaultFn getFault;
};
#define KEOPS_COMPILER_INTERFACE_VERSION 3

#ifdef __cplusplus
}
#endif
#endif // KEOPS_RUNTIME_COMPILERINTERFACE_H
