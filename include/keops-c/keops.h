/* The C interface of keops: formulas in, compiled programs out, arrays through them.
 *
 *   keopsProgramOptions options = KEOPS_PROGRAM_OPTIONS_INIT;
 *   const char *aliases[] = {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"};
 *   options.formula = "Sum_Reduction(Exp(-SqDist(x,y))*b,0)";
 *   options.aliases = aliases;
 *   options.alias_count = 3;
 *   keopsProgram program;
 *   if (keopsProgramCreate(&options, &program) != KEOPS_OK)
 *     puts(keopsGetLastError());
 *
 * Rules. Handles are opaque; XCreate makes one, XDestroy ends it (NULL is fine), XGet lends what
 * the handle owns, so a lent string lives as long as its handle. Every function that can fail
 * returns a status; keopsGetLastError says why, naming the function, the argument, what was
 * expected and what came. Longer texts leave through a callback. All functions may be called from
 * any thread, and one program may run in many threads at once. Inside one major version this
 * interface only grows: structures that a caller fills begin with their size and are to be
 * initialised with their KEOPS_..._INIT. */
#ifndef KEOPS_C_KEOPS_H
#define KEOPS_C_KEOPS_H

#include "keops-c/program.h"

#include <stddef.h>
#include <stdint.h>

#define KEOPS_VERSION_MAJOR 0
#define KEOPS_VERSION_MINOR 1
#define KEOPS_VERSION_PATCH 0

#if defined(__GNUC__)
#define KEOPS_EXPORT __attribute__((visibility("default")))
#else
#define KEOPS_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status ---- */

typedef enum keopsStatus {
  KEOPS_OK = 0,
  KEOPS_INVALID = 1,  /* the caller's mistake: formula, arguments, settings */
  KEOPS_INTERNAL = 2, /* a fault of keops, to be reported */
  KEOPS_CANCELLED =
      3, /* ended by a cancel flag or by the poll callback; outputs hold unfinished values */
  KEOPS_NO_MEMORY = 4,
  KEOPS_DEVICE_FAILED = 5 /* no such kind of device here, or the device or its driver failed */
} keopsStatus;

/* The message of the last failure in this thread; "" before the first. Valid until the next failure
 * in this thread. */
KEOPS_EXPORT const char *keopsGetLastError(void);

/* "0.1.0", of the library that runs (the macros above are those of the header). Static storage. */
KEOPS_EXPORT const char *keopsGetVersion(void);
/* Identifies this build of the library. Static storage. */
KEOPS_EXPORT const char *keopsGetBuildId(void);

/* Receives text or bytes; `data` lives only during the call. */
typedef void (*keopsTextCallback)(const char *data, size_t size, void *user);

/* ---- Devices ---- */

/* Where programs run and arrays are, numbered as in DLPack. */
typedef enum keopsDeviceType { KEOPS_CPU = 1, KEOPS_CUDA = 2 } keopsDeviceType;

/* How many there are; one of KEOPS_CPU. Where there is none, fails with KEOPS_DEVICE_FAILED, and
 * keopsGetLastError says why: no driver, no GPU. */
KEOPS_EXPORT keopsStatus keopsDeviceGetCount(keopsDeviceType type, int32_t *count);

/* Strings have static storage. */
typedef struct keopsDeviceInfo {
  size_t size; /* of this structure; set by the caller */
  const char *name;
  int32_t capability_major, capability_minor; /* of a GPU */
  int32_t multiprocessors;                    /* of a GPU */
  int64_t memory_bytes;                       /* of a GPU */
  const char *driver_version; /* "13.0", the newest CUDA that the driver supports; "" of the CPU */
} keopsDeviceInfo;
#define KEOPS_DEVICE_INFO_INIT {sizeof(keopsDeviceInfo), NULL, 0, 0, 0, 0, NULL}

KEOPS_EXPORT keopsStatus keopsDeviceGetInfo(keopsDeviceType type, int32_t id,
                                            keopsDeviceInfo *info);
/* For arrays that do not say which GPU they are on: the number of the one that has an address, -1
 * where none has it, as memory of the host. */
KEOPS_EXPORT keopsStatus keopsDeviceFindMemory(keopsDeviceType type, const void *address,
                                               int32_t *id);
/* Waits until all that was put on a stream (a CUstream, or a cudaStream_t) of a GPU is done. */
KEOPS_EXPORT keopsStatus keopsDeviceWait(keopsDeviceType type, int32_t id, void *stream);

/* ---- Programs ---- */

/* KEOPS_I64 and the complex types are those of arrays alone, the others of programs too. Arrays of
 * KEOPS_F16 or KEOPS_BF16 are computed in KEOPS_F32, and results are rounded once, to nearest even.
 * An array of D complex numbers stands for one of 2 D components of their parts' type, real and
 * imaginary part side by side. */
typedef enum keopsDType {
  KEOPS_F32 = 0,
  KEOPS_F64 = 1,
  KEOPS_I64 = 2,
  KEOPS_F16 = 3,
  KEOPS_BF16 = 4,
  KEOPS_C64 = 5,
  KEOPS_C128 = 6
} keopsDType;
typedef enum keopsCategory { KEOPS_VI = 0, KEOPS_VJ = 1, KEOPS_PM = 2 } keopsCategory;
typedef enum keopsPrecision {
  KEOPS_PRECISION_DEFAULT = 0,
  KEOPS_PRECISION_FAST = 1,
  KEOPS_PRECISION_HIGH = 2
} keopsPrecision;

/* How terms reach the accumulator. Automatic: partial sums of blocks, compensated between blocks;
 * all in the accumulator's type where that is wider than the terms'. */
typedef enum keopsSumScheme {
  KEOPS_SUM_AUTO = 0,
  KEOPS_SUM_DIRECT = 1, /* partial sums in the accumulator's type */
  KEOPS_SUM_BLOCK = 2,  /* partial sums in the type of the terms */
  KEOPS_SUM_KAHAN = 3   /* every addition compensated */
} keopsSumScheme;
typedef enum keopsAccumulator {
  KEOPS_ACCUMULATOR_AUTO = 0, /* the type of the terms */
  KEOPS_ACCUMULATOR_F32 = 1,
  KEOPS_ACCUMULATOR_F64 = 2
} keopsAccumulator;

typedef struct keopsProgramOptions {
  size_t size;                /* of this structure */
  const char *formula;        /* the whole reduction, e.g. "Sum_Reduction(Exp(-SqDist(x,y))*b,0)" */
  const char *const *aliases; /* "x=Vi(3)", one for each argument */
  int32_t alias_count;
  keopsDType dtype; /* of all arrays: KEOPS_F32, KEOPS_F64, KEOPS_F16 or KEOPS_BF16 */
  keopsPrecision precision;
  int32_t single_threaded; /* non-zero compiles a program that never starts threads */
  const char *schedule; /* forced schedule, "rows=2,lanes=8"; NULL or "" lets the compiler choose */
  const char
      *caller; /* what messages call the function that the user called; NULL: the C function */
  keopsSumScheme sum_scheme; /* for reductions that sum, as accumulator */
  keopsAccumulator accumulator;
  keopsDeviceType device_type; /* where the program runs: of its arrays, too */
  int32_t device_id;           /* which one, of those of that type */
} keopsProgramOptions;
#define KEOPS_PROGRAM_OPTIONS_INIT                                                                 \
  {sizeof(keopsProgramOptions), NULL,      NULL, 0,    KEOPS_F32,                                  \
   KEOPS_PRECISION_DEFAULT,     0,         NULL, NULL, KEOPS_SUM_AUTO,                             \
   KEOPS_ACCUMULATOR_AUTO,      KEOPS_CPU, 0}

typedef struct keopsProgram_s *keopsProgram;

/* Compiles, or finds in the cache. */
KEOPS_EXPORT keopsStatus keopsProgramCreate(const keopsProgramOptions *options,
                                            keopsProgram *program);
/* A program that was compiled ahead of time: its manifest text and its function. Needs no compiler
 * library. */
KEOPS_EXPORT keopsStatus keopsProgramCreateFromEntry(const char *manifest,
                                                     int32_t (*entry)(const keops_args *),
                                                     keopsProgram *program);
/* A program for a GPU that was compiled ahead of time: its manifest text and its code, PTX or a
 * CUDA binary. Needs no compiler library. */
KEOPS_EXPORT keopsStatus keopsProgramCreateFromKernels(const char *manifest, const void *code,
                                                       size_t code_size, int32_t device_id,
                                                       keopsProgram *program);
KEOPS_EXPORT void keopsProgramDestroy(keopsProgram program);

typedef struct keopsInputInfo {
  keopsCategory category;
  keopsDType dtype;
  int64_t dimension;
  const char *name; /* "" for an argument without a name */
} keopsInputInfo;

typedef struct keopsOutputInfo {
  keopsCategory category; /* KEOPS_VI: one row for each i; KEOPS_VJ: one for each j */
  keopsDType dtype;
  const char *name;          /* "Sum", "values", "indices" ... */
  int32_t dimension_count;   /* the shape is (rows, dimensions...) */
  const int64_t *dimensions; /* lent by the program */
} keopsOutputInfo;

KEOPS_EXPORT int32_t keopsProgramGetInputCount(keopsProgram program);
KEOPS_EXPORT int32_t keopsProgramGetOutputCount(keopsProgram program);
KEOPS_EXPORT keopsStatus keopsProgramGetInput(keopsProgram program, int32_t index,
                                              keopsInputInfo *info);
KEOPS_EXPORT keopsStatus keopsProgramGetOutput(keopsProgram program, int32_t index,
                                               keopsOutputInfo *info);
/* The manifest as the compiler wrote it. Lent by the program. */
KEOPS_EXPORT const char *keopsProgramGetManifest(keopsProgram program);

typedef enum keopsSource {
  KEOPS_FROM_MEMORY = 0,
  KEOPS_FROM_DISK = 1,
  KEOPS_COMPILED = 2,
  KEOPS_AHEAD_OF_TIME = 3
} keopsSource;

typedef struct keopsCompileInfo {
  keopsSource source;
  double cpu_milliseconds; /* of keopsProgramCreate, in the calling thread */
  double wall_milliseconds;
} keopsCompileInfo;

KEOPS_EXPORT keopsStatus keopsProgramGetCompileInfo(keopsProgram program, keopsCompileInfo *info);

/* Prints what a request becomes: stage "keops", "expanded", "scheduled", "loops", "llvm" or "asm".
 */
KEOPS_EXPORT keopsStatus keopsDumpIR(const keopsProgramOptions *options, const char *stage,
                                     keopsTextCallback text, void *user);

/* ---- Runs ---- */

/* An array of the caller. Inputs are never written. Shapes: Vi (M, D), Vj (N, D), Pm (D); outputs
 * as keopsProgramGetOutputShape says. All may have more axes in front, of the batch, which
 * broadcast as NumPy's do: the last ones stand side by side, and a missing one or one of length 1
 * fits any. A run computes each item of the batch by itself. Programs of KEOPS_F32 also take
 * KEOPS_C64, those of KEOPS_F64 KEOPS_C128, with half the length on the last axis, which must be
 * even. */
typedef struct keopsTensor {
  void *data;
  keopsDType dtype;
  int32_t rank;
  const int64_t *shape;
  const int64_t *strides; /* in bytes, any value for inputs; NULL: row-major without gaps */
} keopsTensor;

typedef struct keopsCancel_s *keopsCancel;

typedef struct keopsRunOptions {
  size_t size;        /* of this structure */
  int32_t threads;    /* at most so many; 0: see keopsSetNumThreads */
  keopsCancel cancel; /* may be NULL */
  int32_t (*poll)(
      void *data); /* called now and then during the run; non-zero ends it; may be NULL */
  void *poll_data;
  const char *caller; /* as in keopsProgramOptions */
  /* NULL to reduce over all pairs. Otherwise six arrays of KEOPS_I64: ranges_i (k, 2), slices_i
   * (k), redranges_j (l, 2), and the same with i and j exchanged. In reductions over j the rows
   * [ranges_i[b, 0], ranges_i[b, 1]) are reduced over those j that are in one of the intervals
   * [redranges_j[c, 0], redranges_j[c, 1]) with slices_i[b - 1] <= c < slices_i[b], where
   * slices_i[-1] is 0. Rows must not be in two blocks, nor j in two intervals of one block; a row
   * in none has the result of an empty reduction. The last three arrays say the same for reductions
   * over i. All items of a batch have the same ranges. */
  const keopsTensor *ranges;
  /* Of runs on a GPU: the stream (a CUstream, or a cudaStream_t) that they are put on, NULL for the
   * default one; and, or NULL, who gives memory for the time until that stream has come so far,
   * aligned to 64 bytes, or NULL where there is none. Without it the runtime keeps such memory. */
  void *stream;
  void *(*allocate)(int64_t bytes, void *data);
  void *allocate_data;
  int32_t wait; /* of runs on a GPU: non-zero waits until results are there */
  /* Of runs on a GPU: non-zero where all arrays are on the host, with any strides; they are copied
   * to the device for the run, and results back, which is waited for. */
  int32_t arrays_on_host;
} keopsRunOptions;
#define KEOPS_RUN_OPTIONS_INIT                                                                     \
  {sizeof(keopsRunOptions), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0}

/* Checks the inputs and tells M and N: rows of the first Vi and of the first Vj argument, 1 where
 * there is none. */
KEOPS_EXPORT keopsStatus keopsProgramInferSizes(keopsProgram program, const keopsTensor *inputs,
                                                int32_t input_count, const keopsRunOptions *options,
                                                int64_t *size_i, int64_t *size_j);
/* The same, and tells the shape of the batch, which stands in front of the shapes of all outputs:
 * writes at most `capacity` lengths and the rank, which may be larger than `capacity` and is 0
 * without a batch. */
KEOPS_EXPORT keopsStatus keopsProgramInferBatch(keopsProgram program, const keopsTensor *inputs,
                                                int32_t input_count, const keopsRunOptions *options,
                                                int64_t *size_i, int64_t *size_j, int64_t *shape,
                                                int32_t capacity, int32_t *rank);
/* The shape without batch axes. Writes at most `capacity` lengths and the rank, which may be larger
 * than `capacity`. */
KEOPS_EXPORT keopsStatus keopsProgramGetOutputShape(keopsProgram program, int32_t index,
                                                    int64_t size_i, int64_t size_j, int64_t *shape,
                                                    int32_t capacity, int32_t *rank);
/* Checks everything, then computes. `options` may be NULL. On a GPU, arrays are in its memory and
 * such as kernels can read in place: strides of whole elements, outputs row-major; `options` may
 * say that they are on the host instead. `ranges` are on the host. The run is put on the stream and
 * not waited for, unless `options` ask for it; what it fails by then shows in a later call of
 * whoever uses the device. */
KEOPS_EXPORT keopsStatus keopsProgramRun(keopsProgram program, const keopsTensor *inputs,
                                         int32_t input_count, const keopsTensor *outputs,
                                         int32_t output_count, const keopsRunOptions *options);

/* A flag that ends the runs it was given to. */
KEOPS_EXPORT keopsStatus keopsCancelCreate(keopsCancel *cancel);
KEOPS_EXPORT void keopsCancelDestroy(keopsCancel cancel);
KEOPS_EXPORT void keopsCancelRequest(keopsCancel cancel);
KEOPS_EXPORT void keopsCancelReset(keopsCancel cancel);

/* ---- Process-wide ---- */

/* Threads for large work; 0 restores the default (see keopsForEachSetting). Where somebody changed
 * the number of LLVM's OpenMP runtime for the calling thread (omp_set_num_threads), that one is a
 * limit too. */
KEOPS_EXPORT keopsStatus keopsSetNumThreads(int32_t count);
KEOPS_EXPORT int32_t keopsGetNumThreads(void);

typedef enum keopsCacheScope {
  KEOPS_CACHE_MEMORY = 1,
  KEOPS_CACHE_DISK = 2,
  KEOPS_CACHE_ALL = 3
} keopsCacheScope;

typedef struct keopsCacheInfo {
  int64_t memory_hits, disk_hits, compilations; /* of this process */
  int64_t programs_in_memory;
  int64_t disk_entries, disk_bytes;
  const char *folder; /* "" when nothing is kept on disk. Static storage. */
} keopsCacheInfo;

KEOPS_EXPORT keopsStatus keopsCacheGetInfo(keopsCacheInfo *info);
KEOPS_EXPORT keopsStatus keopsCacheClear(keopsCacheScope scope);
/* Keeps programs in another folder from now on; "" keeps none on disk, NULL asks the environment
 * again. */
KEOPS_EXPORT keopsStatus keopsCacheSetFolder(const char *folder);

typedef enum keopsLogLevel {
  KEOPS_LOG_QUIET = 0,
  KEOPS_LOG_ERROR = 1,
  KEOPS_LOG_WARNING = 2,
  KEOPS_LOG_INFO = 3,
  KEOPS_LOG_DEBUG = 4
} keopsLogLevel;

KEOPS_EXPORT void keopsSetLogLevel(keopsLogLevel level);
/* NULL restores standard error. The callback may come from any thread. */
KEOPS_EXPORT void
keopsSetLogCallback(void (*callback)(int32_t level, const char *message, void *user), void *user);

/* Visits every environment variable that keops reads. All strings have static storage. */
KEOPS_EXPORT void keopsForEachSetting(void (*visit)(const char *name, const char *standard,
                                                    const char *text, void *user),
                                      void *user);

/* Loads the compiler library if need be. Static storage. */
KEOPS_EXPORT keopsStatus keopsCompilerGetInfo(const char **path, const char **llvm_version,
                                              const char **host_target);

#ifdef __cplusplus
}
#endif
#endif /* KEOPS_C_KEOPS_H */
