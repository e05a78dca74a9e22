// Starts Probe.cpp in an environment of its own.
#ifndef KEOPS_TEST_CUDA_PROBING_H
#define KEOPS_TEST_CUDA_PROBING_H

#include <array>
#include <cstdio>
#include <string>

namespace keops::test {

/// What the probe prints. `environment` is written as a shell has it.
inline std::string probe(const std::string &environment, const std::string &arguments = "") {
  std::string command = environment + " '" KEOPS_PROBE "' " + arguments + " 2>&1", text;
  FILE *pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (size_t read = fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), read);
  pclose(pipe);
  return text;
}

} // namespace keops::test

#endif // KEOPS_TEST_CUDA_PROBING_H
