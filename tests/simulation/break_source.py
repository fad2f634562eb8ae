#!/usr/bin/env python3
"""Makes the sources of deliberately broken builds, which the simulator has to catch.

    break_source.py --list                 names, and the file that each one breaks
    break_source.py NAME ROOT TARGET       writes the broken copy of its file to TARGET

A breakage replaces texts that stand exactly once in their file; when the file has changed so that they do not, this fails, and
the breakage has to be described anew."""
import sys
from pathlib import Path

BREAKAGES = {
    "no_fsync": ("engine/dataflow/checkpoint/durable_file.cpp", [
        ("  FLINK_RETURN_IF_ERROR(file_->sync());\n", "")]),
    # What is left of a lost JobManager's job runs on beside its successor.
    "no_fence": ("engine/cluster/taskmanager/task_manager.cpp", [
        ('    releaseEverything("the JobManager is lost: " + reason.toString());\n', "    (void)reason;\n")]),
    "forgotten_timers": ("engine/dataflow/state/heap_timer_queue.cpp", [
        ("static_cast<Link*>(table_.value(at))->sequence + 1);\n    push(at);\n",
         "static_cast<Link*>(table_.value(at))->sequence + 1);\n    (void)at;\n"),
        # Nobody knows of them, so nobody removes them either.
        ("    Node* node = static_cast<Node*>(static_cast<Link*>(table_.value(at))->node);\n"
         "    removeFromHeap(node->place);\n    freeNode(node);\n  };\n  const auto restored",
         "    (void)at;\n  };\n  const auto restored")]),
    # Sinks commit before the last task has stored its state.
    "early_ack": ("engine/dataflow/checkpoint/coordinator.cpp", [
        ("  if (!checkpoint.fullyAcknowledged()) return out;\n",
         "  if (checkpoint.numAcknowledged + 1 == checkpoint.participants.size())\n"
         "    out.emplace_back(command::NotifyComplete{id, checkpoint.timestampMs, liveParticipants(checkpoint)});\n"
         "  if (!checkpoint.fullyAcknowledged()) return out;\n")]),
    # The first barrier stands for those of all channels.
    "lost_barrier": ("engine/dataflow/task/barrier_aligner.cpp", [
        ("  if (delivered.size() == numOpen_) {\n", "  if (!delivered.empty()) {\n")]),
    # A store to which a commit that is asked for again is a new one.
    "double_commit": ("tests/simulation/outside_store.cpp", [
        ("  if (!committed_.insert(transaction).second) return true;\n", "  committed_.insert(transaction);\n")]),
    "stale_metadata": ("engine/cluster/jobmanager/job_checkpoints.cpp", [
        ("  const auto& latest = coordinator_.retained().back();\n",
         "  const auto& latest = coordinator_.retained().front();\n")]),
    # What waited behind a barrier is dropped when its channel goes on.
    "skipped_in_flight_record": ("engine/dataflow/task/input_barriers.cpp", [
        ("    for (const auto& [gate, blocked] : std::exchange(blocked_, {})) gate->resumeChannel(blocked);\n",
         "    for (const auto& [gate, blocked] : std::exchange(blocked_, {})) {\n"
         "      gate->resumeChannel(blocked);\n"
         "      if (gate->hasData()) (void)gate->poll();\n"
         "    }\n")]),
    "wrong_key_group_range": ("engine/dataflow/state/hash_map_state_backend.cpp", [
        ("  const types::KeyGroupRange own = keyGroups();\n  if (info.firstKeyGroup > own.last",
         "  const types::KeyGroupRange own{keyGroups().first, keyGroups().last - 1};\n  if (info.firstKeyGroup > own.last")]),
    # The next delta leaves out what only an aborted checkpoint has.
    "ignored_abort": ("engine/dataflow/state/hash_map_state_snapshot.cpp", [
        ("  // Its changes stay unconfirmed, so that the next delta has them again.\n"
         "  if (latest_.has_value() && latest_->id == id) latest_.reset();\n",
         "  if (latest_.has_value() && latest_->id == id) {\n"
         "    const auto before = confirmed_;\n"
         "    confirmSnapshot(id);\n"
         "    confirmed_ = before;\n"
         "  }\n")]),
}


def broken(name: str, root: Path) -> str:
    path, replacements = BREAKAGES[name]
    text = (root / path).read_text()
    for old, new in replacements:
        if text.count(old) != 1:
            sys.exit(f"break_source.py: {name}: {path} has changed: the text to break is there {text.count(old)} times:\n{old}")
        text = text.replace(old, new)
    return text


def main() -> None:
    arguments = sys.argv[1:]
    if arguments == ["--list"]:
        for name, (path, _) in BREAKAGES.items():
            print(f"{name} {path}")
    elif len(arguments) == 3 and arguments[0] in BREAKAGES:
        Path(arguments[2]).parent.mkdir(parents=True, exist_ok=True)
        Path(arguments[2]).write_text(broken(arguments[0], Path(arguments[1])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
