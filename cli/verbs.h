#pragma once

#include <functional>
#include <string>

#include "cli/commands.h"

namespace CLI {
class App;
}

namespace flink::cli {

/// The command that parsing chose.
using Action = std::function<CommandResult()>;

/// Everything that parsing fills in; lives as long as the parser.
struct Invocation {
  GlobalOptions global;
  RunOptions run;
  InfoOptions info;
  ListOptions list;
  CancelOptions cancel;
  JobOptions describe, exceptions;
  SavepointOptions savepoint;
  StopOptions stop;
  JobOptions checkpoints;
  CheckpointOptions checkpoint;
  VerifyOptions verify;
  WaitOptions wait;
  LogsOptions logs;
  ClusterStartOptions clusterStart;
  ClusterStopOptions clusterStop;
  ConfigCheckOptions configCheck;
  ExplainOptions explain;
  Action action;
};

/// Adds a command with the options that all have.
CLI::App* addVerb(CLI::App& parent, Invocation& invocation, const std::string& name,
                  const std::string& text, Action action);

/// Adds `cancel`, `stop`, `savepoint` and `checkpoint`.
void makeSnapshotCommands(CLI::App& app, Invocation& invocation);

/// Flink's long options with one dash (`-detached`) are written with two for the parser, which
/// would take them for `-d etached`.
[[nodiscard]] std::string normalizedWord(const std::string& verb, const std::string& word);

}  // namespace flink::cli
