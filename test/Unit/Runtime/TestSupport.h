// Shared by the runtime's tests: temporary folders, requests that the fake compiler understands,
// expected messages.
#ifndef KEOPS_TEST_RUNTIME_TESTSUPPORT_H
#define KEOPS_TEST_RUNTIME_TESTSUPPORT_H

#include "keops/Runtime/Error.h"
#include "keops/Runtime/Request.h"

#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

namespace keops::test {

/// A fresh folder that disappears with the object.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "keops-test-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string &name) const { return path + "/" + name; }
  const std::string &get() const { return path; }

private:
  std::string path;
};

inline std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void writeFile(const std::string &path, const std::string &content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline Request makeRequest(const std::string &formula = "Sum_Reduction(Exp(-SqDist(x,y))*b,0)",
                           std::vector<std::string> aliases = {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"}) {
  Request request;
  request.formula = formula;
  request.aliases = std::move(aliases);
  return request;
}

/// The message of the keops::Error that `body` throws; fails the test when it throws none or of
/// another kind.
template <typename Body>
std::string getErrorMessage(Body body, ErrorKind kind = ErrorKind::User) {
  try {
    body();
  } catch (const Error &error) {
    EXPECT_EQ(error.getKind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

} // namespace keops::test

#endif // KEOPS_TEST_RUNTIME_TESTSUPPORT_H
