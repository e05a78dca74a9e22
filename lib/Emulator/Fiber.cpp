// Fibers start by makecontext, which is portable, and switch by setjmp and longjmp, which call no
// system: swapcontext saves the signal mask and takes ten times as long. Where distributions harden
// all code, longjmp refuses to jump to another stack; here that is its purpose.
#undef _FORTIFY_SOURCE
#include "Fiber.h"

#include <new>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define KEOPS_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEOPS_HAS_ASAN 1
#endif
#endif
#ifdef KEOPS_HAS_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

using namespace keops::emulator;

/// Address space alone: pages come with their first use. Formulas keep long vectors on the stack.
static constexpr size_t stackBytes = size_t(256) << 10;

/// A fiber that makecontext has just entered; it takes no pointers.
static thread_local Fiber *starting = nullptr;

#ifdef KEOPS_HAS_ASAN
static void leave(void **shadow, const void *stack, size_t bytes) {
  __sanitizer_start_switch_fiber(shadow, stack, bytes);
}
static void arrive(void *shadow, const void **stack, size_t *bytes) {
  __sanitizer_finish_switch_fiber(shadow, stack, bytes);
}
#else
static void leave(void **, const void *, size_t) {}
static void arrive(void *, const void **, size_t *) {}
#endif

Fiber::Fiber(char *stack, size_t bytes) : stack(stack), bytes(bytes) {
  getcontext(&inner);
  inner.uc_stack.ss_sp = stack;
  inner.uc_stack.ss_size = bytes;
  inner.uc_link = nullptr; // the loop never returns
  makecontext(&inner, enter, 0);
}

void Fiber::enter() { starting->loop(); }

void Fiber::loop() {
  arrive(nullptr, &outerStack, &outerBytes);
  for (;;) {
    body(data);
    body = nullptr;
    suspend();
  }
}

void Fiber::begin(Body newBody, void *newData) {
  body = newBody;
  data = newData;
}

void Fiber::resume() {
  leave(&outerShadow, stack, bytes);
  if (!_setjmp(outside)) {
    if (hasStarted)
      _longjmp(inside, 1);
    hasStarted = true;
    starting = this;
    swapcontext(&outer, &inner);
  }
  arrive(outerShadow, nullptr, nullptr);
}

void Fiber::suspend() {
  leave(&innerShadow, outerStack, outerBytes);
  if (!_setjmp(inside))
    _longjmp(outside, 1);
  arrive(innerShadow, &outerStack, &outerBytes);
}

FiberPool::~FiberPool() { release(); }

void FiberPool::release() {
  fibers.clear();
  if (memory)
    munmap(memory, mapped);
  memory = nullptr;
}

void FiberPool::reserve(size_t count) {
  if (count <= fibers.size())
    return;
  release();
  auto guard = size_t(sysconf(_SC_PAGESIZE));
  size_t step = guard + stackBytes;
  mapped = count * step;
  void *mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    throw std::bad_alloc();
  memory = static_cast<char *>(mapping);
  for (size_t k = 0; k < count; ++k) {
    char *stack = memory + k * step + guard;
    if (mprotect(stack - guard, guard, PROT_NONE) != 0)
      throw std::bad_alloc();
    fibers.push_back(std::make_unique<Fiber>(stack, stackBytes));
  }
}

bool FiberPool::contains(const void *address) const {
  auto at = reinterpret_cast<uintptr_t>(address), start = reinterpret_cast<uintptr_t>(memory);
  return at - start < mapped;
}
