#pragma once

/// FileSink for sinkTo(): part files that appear exactly once, with the checkpoint that has them.
#include "connectors/file/file_sink.h"

namespace flink {
using connectors::BasePathBucketAssigner;
using connectors::BucketAssigner;
using connectors::BucketContext;
using connectors::DateTimeBucketAssigner;
using connectors::DefaultRollingPolicy;
using connectors::Encoder;
using connectors::FileSink;
using connectors::OnCheckpointRollingPolicy;
using connectors::OutputFileConfig;
using connectors::PartFileInfo;
using connectors::RollingPolicy;
using connectors::SimpleStringEncoder;
using connectors::StreamingFileSink;
}  // namespace flink
