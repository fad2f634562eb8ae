#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "cli/error_report.h"
#include "cli/verbs.h"
#include "core/base/error_codes.h"
#include "core/config/known_keys.h"

namespace flink::cli {

namespace {

/// A year: whoever waits longer needs no limit.
constexpr double kMaxWaitSeconds = 365.0 * 24 * 3600;

void addGlobalOptions(CLI::App& command, GlobalOptions& global) {
  command.add_option("-m,--jobmanager", global.jobManager, "Address of the JobManager, host:port");
  command
      .add_option("-D", global.dynamicProperties, "Configuration key=value; wins over the files")
      ->expected(1)
      ->type_name("KEY=VALUE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command.add_option("--conf", global.confDir,
                     "Configuration directory; else FLINK_CONF_DIR, else ../conf beside bin");
  // As text: CLI11 would print the values of the enumeration, too, and as characters.
  static const std::map<std::string, OutputFormat> kFormats{{"table", OutputFormat::kTable},
                                                            {"json", OutputFormat::kJson},
                                                            {"yaml", OutputFormat::kYaml}};
  command
      .add_option_function<std::string>(
          "-o,--output",
          [&global](const std::string& format) { global.output = kFormats.at(format); },
          "Form of the output")
      ->transform(CLI::IsMember({"table", "json", "yaml"}, CLI::ignore_case))
      ->type_name("FORMAT");
  command.add_flag("--no-color", global.noColor, "No colour, also without NO_COLOR");
}

/// Adds a verb whose options end at the first word that is none of them (the job's file).
void addProgramOptions(CLI::App& command, RunOptions& run) {
  command
      .add_option("-p,--parallelism", run.parallelism,
                  "Parallelism of the job; wins over parallelism.default")
      ->check(CLI::Range(1, 32768));
  command.add_option("-c,--class", run.entryClass, "FLINK_JOB name when the library has several");
  command.add_option("-C,--classpath", run.classpath, "Include directory for a job source")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command.prefix_command();
}

}  // namespace

CLI::App* addVerb(CLI::App& parent, Invocation& invocation, const std::string& name,
                  const std::string& text, Action action) {
  CLI::App* command = parent.add_subcommand(name, text);
  addGlobalOptions(*command, invocation.global);
  command->callback([&invocation, action = std::move(action)] { invocation.action = action; });
  return command;
}

namespace {

void makeRunCommand(CLI::App& app, Invocation& i) {
  CLI::App* command = addVerb(app, i, "run", "Run a job: run [options] job.so|job.cpp [arguments]",
                              [&i] { return runRun(i.global, i.run); });
  command->add_flag("-d,--detached", i.run.detached, "Return once the job is submitted");
  command
      ->add_option("-s,--fromSavepoint", i.run.savepoint,
                   "Start from the checkpoint or savepoint at this path")
      ->type_name("PATH");
  command->add_flag("-n,--allowNonRestoredState", i.run.allowNonRestored,
                    "With -s: leave state behind whose operator the program no longer has");
  addProgramOptions(*command, i.run);
  command->footer(
      "Examples:\n  flinkctl run -p 4 examples/streaming/WordCount.so --input text.txt\n"
      "  flinkctl run -d hello.cpp --greeting hi");
}

void makeInfoCommand(CLI::App& app, Invocation& i) {
  CLI::App* command =
      addVerb(app, i, "info",
              "Show the plan of a program's first execute() without running it: info [options] "
              "job.so|job.cpp [arguments]",
              [&i] { return runInfo(i.global, i.info); });
  addProgramOptions(*command, i.info.program);
  command->add_option("--format", i.info.format, "text, json or dot")
      ->check(CLI::IsMember({"text", "json", "dot"}));
}

void makeListCommand(CLI::App& app, Invocation& i) {
  CLI::App* command = addVerb(app, i, "list", "List running and scheduled jobs",
                              [&i] { return runList(i.global, i.list); });
  command->add_flag("-r,--running", i.list.running, "Only running jobs");
  command->add_flag("-s,--scheduled", i.list.scheduled, "Only scheduled jobs");
  command->add_flag("-a,--all", i.list.all, "Ended jobs too");
}

void makeWaitCommand(CLI::App& app, Invocation& i) {
  CLI::App* command = addVerb(app, i, "wait", "Wait until a job has ended",
                              [&i] { return runWait(i.global, i.wait); });
  command->add_option("job", i.wait.job, "Job id")->required();
  command
      ->add_option("--timeout", i.wait.timeoutSeconds,
                   "Seconds, 0 to ask once; without it there is no limit")
      ->check(CLI::Validator(
          [](const std::string& text) {
            double seconds = -1;
            const bool number = CLI::detail::lexical_cast(text, seconds);
            if (number && seconds >= 0 && seconds <= kMaxWaitSeconds) return std::string();
            return "not a number of seconds from 0 to a year: " + text;
          },
          "SECONDS"));
}

void makeJobCommands(CLI::App& app, Invocation& i) {
  CLI::App* job = app.add_subcommand("job", "One job");
  job->require_subcommand(1);
  CLI::App* describe =
      addVerb(*job, i, "describe", "State, vertices, figures and root cause of a job",
              [&i] { return runJobDescribe(i.global, i.describe); });
  describe->add_option("job", i.describe.job, "Job id")->required();
  CLI::App* exceptions = addVerb(*job, i, "exceptions", "Failures of a job with their causes",
                                 [&i] { return runJobExceptions(i.global, i.exceptions); });
  exceptions->add_option("job", i.exceptions.job, "Job id")->required();
  makeWaitCommand(*job, i);
}

void makeLogsCommand(CLI::App& app, Invocation& i) {
  CLI::App* command = addVerb(app, i, "logs", "List log files, or print those of a job or process",
                              [&i] { return runLogs(i.global, i.logs); });
  command->add_option("target", i.logs.target,
                      "Job id, `jobmanager` or a TaskManager's id; without it: list the files");
  command->add_option("--file", i.logs.file, "Only the file with this name");
  command->add_flag("-f,--follow", i.logs.follow, "Go on printing what is appended");
}

void makeClusterCommands(CLI::App& app, Invocation& i) {
  CLI::App* cluster = app.add_subcommand("cluster", "The cluster's processes on this host");
  cluster->require_subcommand(1);
  CLI::App* start = addVerb(*cluster, i, "start", "Start a JobManager and TaskManagers",
                            [&i] { return runClusterStart(i.global, i.clusterStart); });
  start
      ->add_option("-t,--taskmanagers", i.clusterStart.taskManagers,
                   "TaskManagers; else one per line of conf/workers")
      ->check(CLI::Range(0, 1000));
  start
      ->add_option("-s,--slots", i.clusterStart.slots,
                   "Slots of each TaskManager; else taskmanager.numberOfTaskSlots")
      ->check(CLI::Range(1, 10000));
  start
      ->add_option("--ports", i.clusterStart.ports,
                   "`auto` takes free ports and prints them; else those of the configuration")
      ->check(CLI::IsMember({"auto", "configured"}));
  start
      ->add_option("--only", i.clusterStart.component,
                   "Only the jobmanager, or taskmanagers for a running one")
      ->check(CLI::IsMember({"jobmanager", "taskmanager"}));
  CLI::App* stop = addVerb(*cluster, i, "stop", "Stop what `cluster start` started",
                           [&i] { return runClusterStop(i.global, i.clusterStop); });
  auto* only =
      stop->add_option("--only", i.clusterStop.component, "Only the jobmanager or the taskmanagers")
          ->check(CLI::IsMember({"jobmanager", "taskmanager"}));
  stop->add_flag("--newest", i.clusterStop.newest, "With --only: the one that was started last")
      ->needs(only);
  addVerb(*cluster, i, "status", "Addresses, slots and jobs of a running cluster",
          [&i] { return runClusterStatus(i.global); });
}

void makeOtherCommands(CLI::App& app, Invocation& i) {
  CLI::App* taskManager = app.add_subcommand("taskmanager", "TaskManagers");
  taskManager->require_subcommand(1);
  addVerb(*taskManager, i, "list", "List registered TaskManagers",
          [&i] { return runTaskManagerList(i.global); });
  addVerb(app, i, "version", "Print the version", [&i] { return runVersion(i.global); });
  CLI::App* config = app.add_subcommand("config", "Configuration files");
  config->require_subcommand(1);
  CLI::App* check = addVerb(*config, i, "check", "Check a configuration file",
                            [&i] { return runConfigCheck(i.global, i.configCheck); });
  check->add_option("file", i.configCheck.file, "config.yaml or flink-conf.yaml")->required();
  CLI::App* explain = addVerb(app, i, "explain", "Explain an error code",
                              [&i] { return runExplain(i.global, i.explain); });
  explain->add_option("code", i.explain.code, "For example FLINK-NET-001")->required();
}

void makeHelpCommand(CLI::App& app, Invocation& i) {
  CLI::App* command = app.add_subcommand("help", "Help on a topic: exit-codes");
  auto topic = std::make_shared<std::string>();
  command->add_option("topic", *topic, "exit-codes");
  command->callback([&app, &i, topic] {
    i.action = [&app, topic]() -> CommandResult {
      std::printf("%s", *topic == "exit-codes" ? exitCodesHelp() : app.help().c_str());
      return kExitOk;
    };
  });
}

constexpr const char* kFlinkActions =
    "\"run\", \"list\", \"info\", \"savepoint\", \"stop\", or \"cancel\"";

/// What Flink's client prints for a first word that is no action of its own.
int unknownFlinkAction(const std::string& word) {
  std::printf(
      "\"%s\" is not a valid action.\n\nValid actions are %s.\n\n"
      "Specify the version option (-v or --version) to print Flink version.\n\n"
      "Specify the help option (-h or --help) to get help on the command.\n",
      word.c_str(), kFlinkActions);
  return kExitFailed;
}

/// The command that the words so far chose.
const CLI::App& chosenCommand(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

bool looksLikeOption(const std::string& word) {
  return word.size() > 1 && word[0] == '-';
}

/// What is wrong with a word that `command` does not know, and what was probably meant.
Status unknownWord(const CLI::App& command, const std::string& word) {
  std::vector<std::string> known;
  const bool option = looksLikeOption(word);
  if (option) {
    for (const CLI::Option* candidate : command.get_options()) {
      for (const auto& name : candidate->get_lnames()) known.push_back("--" + name);
    }
  } else {
    for (const CLI::App* verb : command.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(verb->get_name());
  }
  const std::string bare = option ? word.substr(0, word.find('=')) : word;
  const auto nearest = config::nearestWord(bare, known);
  const char* what = option ? "option" : known.empty() ? "argument" : "command";
  return {ErrorCode::kUsage,
          fmt::format("Unrecognized {}: {}{}", what, bare,
                      nearest ? fmt::format(" (did you mean {}?)", *nearest) : std::string())};
}

/// Words that nobody took say more than what is missing because of them.
Status usageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = chosenCommand(app);
  const std::vector<std::string> unknown = command.remaining();
  if (unknown.empty() || command.get_prefix_command()) return {ErrorCode::kUsage, error.what()};
  const auto option = std::find_if(unknown.begin(), unknown.end(), looksLikeOption);
  return unknownWord(command, option == unknown.end() ? unknown.front() : *option);
}

/// The words after the options: a prefix command keeps them. An option among them that comes
/// before the job's file is none of ours. Errors: kUsage.
Status takeProgramWords(const CLI::App& app, Invocation& invocation) {
  const CLI::App& command = chosenCommand(app);
  const bool run = command.get_name() == "run";
  if (!run && command.get_name() != "info") return Status::ok();
  std::vector<std::string> words = command.remaining();
  if (!words.empty() && looksLikeOption(words.front())) return unknownWord(command, words.front());
  (run ? invocation.run : invocation.info.program).fileAndArguments = std::move(words);
  return Status::ok();
}

/// A full disk must not look like success.
int flushOutput(const GlobalOptions& global, int exitCode) {
  errno = 0;
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (written || exitCode != kExitOk) return exitCode;
  const char* reason = errno == 0 ? "an earlier write failed" : std::strerror(errno);
  return reportError(
      global, Status(ErrorCode::kFileIo,
                     fmt::format("the output cannot be written: file=stdout reason={}", reason)));
}

int dispatch(int argc, char** argv, Invocation& invocation) {
  invocation.global.flinkStyle = std::filesystem::path(argv[0]).filename() == "flink";
  CLI::App app("Runs and watches jobs and clusters of flink-cpp.",
               invocation.global.flinkStyle ? "flink" : "flinkctl");
  app.require_subcommand(0, 1);
  bool version = false;
  app.add_flag("-v,--version", version, "Print the version");
  makeRunCommand(app, invocation);
  makeInfoCommand(app, invocation);
  makeListCommand(app, invocation);
  makeSnapshotCommands(app, invocation);
  makeJobCommands(app, invocation);
  makeWaitCommand(app, invocation);
  makeLogsCommand(app, invocation);
  makeClusterCommands(app, invocation);
  makeOtherCommands(app, invocation);
  makeHelpCommand(app, invocation);
  app.footer("Exit codes: flinkctl help exit-codes. Errors: flinkctl explain CODE.");

  if (invocation.global.flinkStyle && argc > 1 && argv[1][0] != '-') {
    const auto actions = app.get_subcommands(
        [&](const CLI::App* command) { return command->get_name() == argv[1]; });
    if (actions.empty()) return unknownFlinkAction(argv[1]);
  }
  std::vector<std::string> words;  // the parser takes them from the back
  for (int i = argc - 1; i > 0; --i) words.push_back(normalizedWord(argv[1], argv[i]));
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    std::printf("%s", chosenCommand(app).help().c_str());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return reportError(invocation.global, usageError(app, error));
  }
  if (const Status status = takeProgramWords(app, invocation); !status.isOk())
    return reportError(invocation.global, status);
  if (version) invocation.action = [&] { return runVersion(invocation.global); };
  if (!invocation.action) {
    if (invocation.global.flinkStyle) {
      std::printf("Please specify an action.\n");
      return kExitFailed;
    }
    std::printf("%s", app.help().c_str());
    return kExitUsage;
  }
  const CommandResult result = invocation.action();
  if (!result) return reportError(invocation.global, result.status());
  return invocation.global.flinkStyle && *result != kExitOk ? kExitFailed : *result;
}

}  // namespace

int runCommandLine(int argc, char** argv) {
  Invocation invocation;
  const int exitCode = dispatch(argc, argv, invocation);
  return flushOutput(invocation.global, exitCode);
}

}  // namespace flink::cli
