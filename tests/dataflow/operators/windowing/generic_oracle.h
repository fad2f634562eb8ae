#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "tests/dataflow/operators/windowing/window_script.h"

/// Plays random scripts on an operator and on the generic one, which has to give the same.
namespace flink::operators {

/// Lines between two watermarks in an order of their own: that of keys is not defined.
inline std::vector<std::string> ordered(std::vector<std::string> lines) {
  auto begin = lines.begin();
  for (auto at = lines.begin(); at != lines.end(); ++at) {
    if (at->front() != 'W') continue;
    std::sort(begin, at);
    begin = at + 1;
  }
  std::sort(begin, lines.end());
  return lines;
}

struct ScriptKind {
  bool eventTime = true;
  bool restarts = true;
};

/// Elements of a few keys around a slowly rising event time, some of them late, and restarts.
inline std::string randomScript(Rng& rng, ScriptKind kind) {
  std::string script;
  std::int64_t time = static_cast<std::int64_t>(rng.below(40)) - 20;
  std::int64_t clock = 0;
  int value = 0;
  for (int step = 0; step < 60; ++step) {
    const auto what = rng.below(40);
    if (what < 29) {
      const std::int64_t at = time + static_cast<std::int64_t>(rng.below(30)) - 18;
      script += "E " + std::to_string(at) + " " +
                std::string(1, static_cast<char>('a' + rng.below(4))) + " " +
                std::to_string(++value) + ";";
    } else if (what < 38) {
      if (kind.eventTime) {
        time += static_cast<std::int64_t>(rng.below(9));
        script += "W " + std::to_string(time) + ";";
      } else {
        clock += static_cast<std::int64_t>(rng.below(9));
        script += "P " + std::to_string(clock) + ";";
      }
    } else if (kind.restarts) {
      script += "S;";
      // Event time begins anew.
      time -= static_cast<std::int64_t>(rng.below(25));
    }
  }
  return script + (kind.eventTime ? "W max" : "P 1000");
}

/// The generic operator is the oracle.
template <class Out, class Definition>
void expectSameAsGeneric(const Definition& definition, ScriptKind kind, std::uint64_t seeds = 12) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto rng = makeSeededRng(seed);
    const std::string script = randomScript(*rng, kind);
    WindowScript<Out> oracle(makeGenericWindowFactory(definition));
    WindowScript<Out> other(makeWindowFactory(definition));
    ASSERT_EQ(ordered(other.play(script)), ordered(oracle.play(script)))
        << "seed " << seed << ": " << script;
    ASSERT_EQ(other.numEntries(), oracle.numEntries()) << "seed " << seed << ": " << script;
  }
}

}  // namespace flink::operators
