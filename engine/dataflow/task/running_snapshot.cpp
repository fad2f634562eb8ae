#include "dataflow/task/running_snapshot.h"

#include <utility>

namespace flink::task {

void SnapshotStore::start(std::unique_ptr<checkpoint::SnapshotWriter> writer,
                          std::function<void()> onStored) {
  executor_.runBlocking([self = shared_from_this(),
                         writer = std::shared_ptr<checkpoint::SnapshotWriter>(std::move(writer)),
                         onStored = std::move(onStored)] {
    self->outcome_.emplace(writer->finish());
    if (self->state_.exchange(State::kStored) == State::kGivenUp) {
      self->removeFiles();
    } else {
      onStored();
    }
  });
}

void SnapshotStore::giveUp() {
  if (state_.exchange(State::kGivenUp) != State::kStored) return;
  executor_.runBlocking([self = shared_from_this()] { self->removeFiles(); });
}

void SnapshotStore::removeFiles() const {
  if (!outcome_->isOk()) return;
  for (const checkpoint::StateFile& file : (*outcome_)->files) {
    // Best effort: the folder of an aborted checkpoint goes as a whole.
    if (!file.path.empty()) (void)files_.removeAll(file.path);
  }
}

}  // namespace flink::task
