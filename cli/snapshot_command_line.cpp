#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <string_view>

#include "cli/verbs.h"

namespace flink::cli {

namespace {

/// `-s [DIR]`: an option whose value may be left out.
CLI::Option* addOptionalDirectory(CLI::App& command, const std::string& names, std::string& value,
                                  const std::string& text) {
  return command.add_option(names, value, text)->expected(0, 1)->type_name("[DIR]");
}

void makeCancelCommand(CLI::App& app, Invocation& i) {
  CLI::App* command = addVerb(app, i, "cancel", "Cancel a job", nullptr);
  command->add_option("job", i.cancel.job, "Job id");
  CLI::Option* savepoint = addOptionalDirectory(
      *command, "-s,--withSavepoint", i.cancel.directory,
      "Take a savepoint first, below DIR or the configured directory; `stop` loses less");
  command->callback([&i, savepoint] {
    i.cancel.withSavepoint = savepoint->count() > 0;
    i.action = [&i] { return runCancel(i.global, i.cancel); };
  });
}

void makeStopCommand(CLI::App& app, Invocation& i) {
  CLI::App* command =
      addVerb(app, i, "stop", "End a job with a savepoint that holds all it has done",
              [&i] { return runStop(i.global, i.stop); });
  command->add_option("job", i.stop.job, "Job id");
  addOptionalDirectory(*command, "-p,--savepointPath", i.stop.directory,
                       "Directory for the savepoint; else execution.checkpointing.savepoint-dir");
  command->add_flag(
      "-d,--drain", i.stop.drain,
      "End event time first: all windows and timers fire. For jobs that end for good");
  command->footer(
      "Example:\n  flinkctl stop -p /savepoints JOB\n"
      "  flinkctl run -s /savepoints/savepoint-… job.so");
}

void makeSavepointCommand(CLI::App& app, Invocation& i) {
  CLI::App* command = addVerb(app, i, "savepoint", "Take a savepoint of a job, or dispose of one",
                              [&i] { return runSavepoint(i.global, i.savepoint); });
  CLI::Option* job = command->add_option("job", i.savepoint.job, "Job id");
  command->add_option("directory", i.savepoint.directory,
                      "Directory for the savepoint; else execution.checkpointing.savepoint-dir");
  command
      ->add_option("-d,--dispose", i.savepoint.dispose, "Remove the savepoint at this path instead")
      ->type_name("PATH")
      ->excludes(job);
}

void makeCheckpointCommands(CLI::App& app, Invocation& i) {
  CLI::App* checkpoint = app.add_subcommand("checkpoint", "Checkpoints of a job");
  checkpoint->require_subcommand(1);
  CLI::App* trigger = addVerb(*checkpoint, i, "trigger", "Take a checkpoint now",
                              [&i] { return runCheckpointTrigger(i.global, i.checkpoints); });
  trigger->add_option("job", i.checkpoints.job, "Job id");
  CLI::App* list = addVerb(*checkpoint, i, "list", "List a job's latest checkpoints and savepoints",
                           [&i] { return runCheckpointList(i.global, i.checkpoints); });
  list->add_option("job", i.checkpoints.job, "Job id");
  CLI::App* describe = addVerb(*checkpoint, i, "describe", "One checkpoint with its subtasks",
                               [&i] { return runCheckpointDescribe(i.global, i.checkpoint); });
  describe->add_option("job", i.checkpoint.job, "Job id")->required();
  describe->add_option("id", i.checkpoint.id, "Number of the checkpoint")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
  CLI::App* verify =
      addVerb(*checkpoint, i, "verify",
              "Read every byte of a checkpoint's or savepoint's folder; needs no cluster",
              [&i] { return runCheckpointVerify(i.global, i.verify); });
  verify->add_option("folder", i.verify.folder, "The folder, or the _metadata file in it")
      ->required();
}

/// Flink's client has one verb: it triggers.
void makeFlinkCheckpointCommand(CLI::App& app, Invocation& i) {
  CLI::App* command = addVerb(app, i, "checkpoint", "Take a checkpoint of a job now",
                              [&i] { return runCheckpointTrigger(i.global, i.checkpoints); });
  command->add_option("job", i.checkpoints.job, "Job id");
}

}  // namespace

void makeSnapshotCommands(CLI::App& app, Invocation& invocation) {
  makeCancelCommand(app, invocation);
  makeStopCommand(app, invocation);
  makeSavepointCommand(app, invocation);
  if (invocation.global.flinkStyle) {
    makeFlinkCheckpointCommand(app, invocation);
  } else {
    makeCheckpointCommands(app, invocation);
  }
}

std::string normalizedWord(const std::string& verb, const std::string& word) {
  constexpr std::string_view kVerbs[] = {"cancel", "stop", "savepoint", "checkpoint"};
  constexpr std::string_view kWords[] = {"-detached", "-type", "-full"};
  const bool flinks = std::find(std::begin(kVerbs), std::end(kVerbs), verb) != std::end(kVerbs) &&
                      std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
  return flinks ? "-" + word : word;
}

}  // namespace flink::cli
