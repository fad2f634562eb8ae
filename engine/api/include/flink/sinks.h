#pragma once

/// What sinks that take part in checkpoints are made of: TwoPhaseCommittingSink, Committer,
/// CommittingSinkWriter, StatefulSinkWriter; and the classic TwoPhaseCommitSinkFunction.
#include "dataflow/operators/committing_sink.h"
#include "dataflow/operators/two_phase_commit_sink_function.h"
