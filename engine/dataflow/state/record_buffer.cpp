#include "dataflow/state/record_buffer.h"

namespace flink::state {

Status RecordBuffer::continueInFile() {
  FLINK_ASSIGN_OR_RETURN(writer_, SpillWriter::open(directory_));
  return Status::ok();
}

Status RecordBuffer::startReading() {
  cursor_ = types::ByteCursor(asBytes(memory_));
  if (writer_ == nullptr) return Status::ok();
  FLINK_RETURN_IF_ERROR(writer_->finish());
  FLINK_ASSIGN_OR_RETURN(reader_, SpillReader::open(directory_, writer_->path()));
  return Status::ok();
}

}  // namespace flink::state
