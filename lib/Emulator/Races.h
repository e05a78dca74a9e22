// Shadow memory: who has read and written each byte, and which two accesses have no order. Fed by
// Block.cpp.
#ifndef KEOPS_LIB_EMULATOR_RACES_H
#define KEOPS_LIB_EMULATOR_RACES_H

#include <cstdint>
#include <unordered_map>
#include <vector>

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
  bool isSameBlock(const Actor &other) const { return (bits ^ other.bits) >> 48 == 0; }
  bool isSamePhase(const Actor &other) const {
    return isSameBlock(other) && uint32_t(bits ^ other.bits) == 0;
  }
  /// Whether what the two do has no order: blocks never have one, the threads of one have it from
  /// barrier to barrier.
  bool isConcurrent(const Actor &other) const {
    return isSet() && !(*this == other) && (!isSameBlock(other) || isSamePhase(other));
  }

private:
  uint64_t bits = 0;
};

/// An earlier access that a later one is concurrent with.
struct Conflict {
  uintptr_t address = 0;
  Actor earlier;
  bool wasWrite = false;
};

/// The bytes of one launch, or of one block's workgroup memory.
class Shadow {
public:
  void clear();
  /// Returns whether there is a conflict, which is the first one.
  bool note(const Actor &actor, uintptr_t address, uintptr_t bytes, bool isWrite,
            Conflict &conflict);

private:
  /// The last write is enough: one before it is either ordered before it or a conflict found then.
  /// Of the reads since, two that are concurrent with each other stand for all.
  struct Cell {
    Actor writer, reader, otherReader;
    /// Returns whether the access conflicts with an earlier one; then it is not entered.
    bool enter(const Actor &actor, bool isWrite, Conflict &conflict);
    void addReader(const Actor &actor);
  };
  /// A cell for each word, until the first access that is not of whole words; then for each byte.
  struct Page {
    static constexpr uintptr_t bytes = 1024, word = 4;
    std::vector<Cell> cells = std::vector<Cell>(bytes / word);
    uintptr_t getStep() const { return bytes / cells.size(); }
    void split();
  };

  Page &getPage(uintptr_t number);
  bool noteInPage(const Actor &actor, uintptr_t address, uintptr_t end, bool isWrite,
                  Conflict &conflict);

  std::unordered_map<uintptr_t, Page> pages;
  uintptr_t lastNumber = 0;
  Page *lastPage = nullptr;
};

} // namespace keops::emulator

#endif // KEOPS_LIB_EMULATOR_RACES_H
