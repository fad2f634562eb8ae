#include "api/program/job_compiler.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::program {

namespace fs = std::filesystem;

namespace {

/// The words of a make rule, whose writer protects blanks and `#` by a backslash and doubles `$`.
std::vector<std::string> makeWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto endWord = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && next == '\n') {
      endWord();
      ++i;
    } else if ((text[i] == '\\' && (next == ' ' || next == '#')) ||
               (text[i] == '$' && next == '$')) {
      word += next;
      ++i;
    } else if (text[i] == ' ' || text[i] == '\n') {
      endWord();
    } else {
      word += text[i];
    }
  }
  endWord();
  return words;
}

/// The files that a make rule written by -MMD names: `library: source header header ...`.
std::vector<std::string> dependenciesOf(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  std::vector<std::string> words = makeWords(text);
  if (!words.empty()) words.erase(words.begin());  // the target
  return words;
}

bool isFresh(const CompileRequest& request) {
  std::error_code error;
  const auto built = fs::last_write_time(request.output, error);
  if (error) return false;
  std::vector<std::string> inputs = dependenciesOf(request.output + ".d");
  if (inputs.empty()) return false;
  inputs.push_back(request.root + "/lib/libflink.so");
  for (const std::string& input : inputs) {
    const auto changed = fs::last_write_time(input, error);
    if (error || changed > built) return false;
  }
  return true;
}

std::vector<std::string> compilerCommand(const CompileRequest& request,
                                         const std::string& temporary) {
  const char* configured = std::getenv("CXX");
  std::istringstream compiler(configured == nullptr ? "" : configured);
  std::vector<std::string> command{"/usr/bin/env"};
  for (std::string word; compiler >> word;) command.push_back(word);  // CXX="ccache g++"
  if (command.size() == 1) command.emplace_back("g++");
  command.insert(command.end(),
                 {"-std=c++20", "-O2", "-DNDEBUG", "-fPIC", "-shared",
                  "-fno-semantic-interposition", "-MMD", "-MF", request.output + ".d",
                  "-I" + request.root + "/include", "-I" + request.root + "/include/flink-cpp"});
  for (const std::string& directory : request.includeDirectories)
    command.push_back("-I" + directory);
  command.insert(command.end(),
                 {request.source, "-o", temporary, "-L" + request.root + "/lib", "-lflink"});
  return command;
}

}  // namespace

Status compileJobLibrary(const CompileRequest& request, ProcessLauncher& launcher) {
  std::error_code error;
  if (!fs::is_regular_file(request.source, error)) {
    return {ErrorCode::kFileNotFound, "the job's source does not exist: path=" + request.source};
  }
  if (isFresh(request)) return Status::ok();
  fs::create_directories(fs::path(request.output).parent_path(), error);
  if (error) {
    return {ErrorCode::kFileIo,
            fmt::format("the directory of the job library cannot be made: path={} reason={}",
                        request.output, error.message())};
  }
  fmt::print(stderr, "Compiling {}\n", request.source);  // it takes seconds
  // Several clients may compile the same source at once; each moves its own result into place.
  const std::string temporary = fmt::format("{}.{}", request.output, getpid());
  ProcessSpec spec;
  spec.argv = compilerCommand(request, temporary);
  std::promise<ExitStatus> ended;
  FLINK_ASSIGN_OR_RETURN(
      auto child, launcher.spawn(std::move(spec),
                                 [&ended](const ExitStatus& status) { ended.set_value(status); }));
  const ExitStatus status = ended.get_future().get();
  if (status.exitCode != 0) {
    fs::remove(temporary, error);
    const bool missing = status.exitCode == 127;
    return {ErrorCode::kProgramCompile,
            fmt::format("{}: source={} compiler={}",
                        missing ? "the compiler was not found (package g++, or CXX)"
                                : "the compiler rejected the job's source",
                        request.source, status.toString())};
  }
  fs::rename(temporary, request.output, error);
  if (error) {
    return {ErrorCode::kFileIo,
            fmt::format("the job library cannot be moved into place: path={} reason={}",
                        request.output, error.message())};
  }
  return Status::ok();
}

}  // namespace flink::program
