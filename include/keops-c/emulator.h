/* Between programs compiled for `--target=gpu-emulator` and the emulator that runs them: kernels
 * written for the threads and blocks of a GPU, as machine code of this CPU. The compiler's pass
 * EmulateKernels writes one side, lib/Emulator is the other; users need none of it. */
#ifndef KEOPS_C_EMULATOR_H
#define KEOPS_C_EMULATOR_H

#include "keops-c/program.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a kernel asks of the machine, for one thread of one block. */
typedef struct keops_thread {
  int64_t thread, block, block_count, thread_count;
  void *shared; /* the block's workgroup memory, 64-byte aligned */
  /* Returns when all threads of the block have called it; `which` numbers the barriers of a
   * program, because threads may only meet at the same one. */
  void (*barrier)(struct keops_thread *thread, int32_t which);
  /* Called before each access to memory, by kernels built for `gpu-emulator-races`; `kind` is a
   * KEOPS_ACCESS_ code. */
  void (*access)(struct keops_thread *thread, const void *address, int64_t bytes, int32_t kind);
  /* Begins an asynchronous copy of 4, 8 or 16 bytes, which may happen until finish_copies returns;
   * kernels built for `gpu-emulator-races` have its accesses watched. */
  void (*begin_copy)(struct keops_thread *thread, void *to, const void *from, int64_t bytes,
                     int32_t is_watched);
  void (*finish_copies)(struct keops_thread *thread);
} keops_thread;

/* Atomic operations are told only where they order others: those that acquire or release. */
enum { KEOPS_ACCESS_READ = 0, KEOPS_ACCESS_WRITE = 1, KEOPS_ACCESS_ATOMIC = 2 };

typedef struct keops_emulated_kernel {
  void (*run)(const keops_launch *launch, keops_thread *thread);
  const char *name;
  int64_t threads;      /* of a block */
  int64_t shared_bytes; /* of workgroup memory */
} keops_emulated_kernel;

typedef struct keops_emulated_program {
  int64_t inputs, outputs;
  int64_t kernel_count;
  const keops_emulated_kernel *kernels; /* in the order of their launches */
} keops_emulated_program;

/* Runs all kernels for all items of a batch on a grid of args->threads blocks. Returns a
 * KEOPS_STEP_ code. */
int32_t keops_emulate(const keops_args *args, const keops_emulated_program *program);

/* What the last KEOPS_STEP_FAULT of this thread was; valid until its next run. */
const char *keops_emulator_get_fault(void);

#ifdef __cplusplus
}
#endif
#endif /* KEOPS_C_EMULATOR_H */
