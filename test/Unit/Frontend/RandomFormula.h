// Random texts for round trips: grammatical ones with correct dimensions, and damaged ones.
#ifndef KEOPS_TEST_UNIT_FRONTEND_RANDOMFORMULA_H
#define KEOPS_TEST_UNIT_FRONTEND_RANDOMFORMULA_H

#include <random>
#include <string>
#include <vector>

namespace keops::test {

class RandomFormula {
public:
  explicit RandomFormula(unsigned seed) : engine(seed) {}

  /// Arguments for all generated formulas.
  static std::vector<std::string> aliases();
  /// A reduction, a gradient of one, or several fused.
  std::string program();
  /// `text` with a few characters deleted, doubled, swapped or replaced.
  std::string damage(std::string text);

private:
  /// A formula of dimension `dim`, which is 1 or 3.
  std::string formula(int dim, int depth);
  std::string leaf(int dim);
  std::string scalar(int depth);
  std::string spaced(const std::string &text);
  std::string reduction();
  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(engine); }
  std::string pick(const std::vector<std::string> &list) { return list[below(list.size())]; }

  std::mt19937 engine;
};

} // namespace keops::test

#endif // KEOPS_TEST_UNIT_FRONTEND_RANDOMFORMULA_H
