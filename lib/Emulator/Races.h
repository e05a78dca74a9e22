// Shadow memory: who has read and written each byte, and which two accesses have no order. Fed by
// Block.cpp.
#ifndef KEOPS_LIB_EMULATOR_RACES_H
#define KEOPS_LIB_EMULATOR_RACES_H

#include <cstdint>
#include <memory>
#include <unordered_map>

namespace keops::emulator {

/// A thread of a block between two of its barriers.
class Actor {
public:
  Actor() = default;
  Actor(int64_t block, int64_t thread, int64_t phase)
      : bits(uint64_t(block + 1) << 48 | uint64_t(thread) << 32 | uint64_t(uint32_t(phase))) {}
  bool isSet() const { return bits != 0; }
  int64_t block() const { return int64_t(bits >> 48) - 1; }
  int64_t thread() const { return int64_t(bits >> 32 & 0xffff); }
  bool operator==(const Actor &other) const { return bits == other.bits; }
  bool isSamePhase(const Actor &other) const {
    return block() == other.block() && uint32_t(bits) == uint32_t(other.bits);
  }
  /// Whether what the two do has no order: blocks never have one, the threads of one have it from
  /// barrier to barrier.
  bool isConcurrent(const Actor &other) const {
    return isSet() && (block() != other.block() || (isSamePhase(other) && !(*this == other)));
  }

private:
  uint64_t bits = 0;
};

/// An earlier access that a later one is concurrent with.
struct Conflict {
  const char *address = nullptr;
  Actor earlier;
  bool wasWrite = false;
};

/// The bytes of one launch, or of one block's workgroup memory.
class Shadow {
public:
  void clear();
  /// Returns whether there is a conflict, which is the first one.
  bool note(const Actor &actor, const char *address, int64_t bytes, bool isWrite,
            Conflict &conflict);

private:
  /// The last write is enough: one before it is either ordered before it or a conflict found then.
  /// Of the reads since, two that are concurrent with each other stand for all.
  struct Cell {
    Actor writer, reader, otherReader;
    void addReader(const Actor &actor);
  };
  static constexpr uintptr_t pageBytes = 1024;

  Cell &getCell(uintptr_t address);

  std::unordered_map<uintptr_t, std::unique_ptr<Cell[]>> pages;
  uintptr_t lastPage = 0;
  Cell *lastCells = nullptr;
};

} // namespace keops::emulator

#endif // KEOPS_LIB_EMULATOR_RACES_H
