#pragma once

#include <memory>
#include <string>

#include "core/base/fs.h"
#include "core/types/serializer.h"
#include "dataflow/state/spill_file.h"

namespace flink::state {

/// Keeps serialized records in the order they came, past its budget in a file, and gives them back
/// once. Thread: one.
class RecordBuffer {
 public:
  RecordBuffer(std::size_t budgetBytes, FileSystem& files, std::string directory)
      : budget_(budgetBytes), directory_(files, std::move(directory)) {}

  template <class T>
  Status add(const T& record) {
    if (writer_ != nullptr) {
      writer_->beginRecord(0);
      types::appendTo(writer_->buffer(), record);
      return writer_->endRecord();
    }
    types::appendTo(memory_, record);
    return memory_.size() <= budget_ ? Status::ok() : continueInFile();
  }

  /// Ends adding. Errors: kFileIo.
  Status startReading();
  /// Reads the next record; false at the end.
  template <class T>
  Result<bool> next(T& record) {
    if (cursor_.remaining() > 0) {
      if (!types::readValue(cursor_, record)) return types::corruptData(cursor_, "buffered record");
      return true;
    }
    if (reader_ == nullptr) return false;
    FLINK_ASSIGN_OR_RETURN(const bool any, reader_->next());
    if (!any) return false;
    FLINK_RETURN_IF_ERROR(types::deserialize(reader_->record(), record));
    return true;
  }

 private:
  /// What is in memory stays there, ahead of the file.
  Status continueInFile();

  std::size_t budget_;
  SpillDirectory directory_;
  std::string memory_;
  types::ByteCursor cursor_;
  std::unique_ptr<SpillWriter> writer_;
  std::unique_ptr<SpillReader> reader_;
};

}  // namespace flink::state
