#include "dataflow/operators/source_checkpoint.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "core/types/serializer.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/state/operator_state_backend.h"

namespace flink::operators {

namespace {

struct Answer {
  state::SnapshotId id = 0;
  std::optional<std::string> state;
};

struct CoordinatorSnapshot {
  state::SnapshotId id = 0;
  std::string enumerator;
};

template <class T>
T decode(std::string_view body) {
  T value{};
  throwIfError(types::deserialize(asBytes(body), value));
  return value;
}

}  // namespace

struct SourceReaderAgreement::Splits {
  std::optional<ListState<std::string>> state;  // absent where nothing keeps state
  std::deque<std::string> waiting;
  std::set<state::SnapshotId> over;  // taken or aborted, while their answers may still come
};

SourceReaderAgreement::SourceReaderAgreement() : splits_(std::make_unique<Splits>()) {}
SourceReaderAgreement::~SourceReaderAgreement() = default;

void SourceReaderAgreement::open(OperatorContext& context) {
  context_ = &context;
  if (context.state.operatorState != nullptr) {
    const ListStateDescriptor<std::string> descriptor("SourceReaderState");
    splits_->state = valueOrThrow(context.state.operatorState->getListState(descriptor));
  }
  completed_ = context.state.restoredCheckpointId.value_or(0);
  context.coordinator->sendToCoordinator(
      encodeSourceEvent(SourceEvent::kRegisterReader, types::serialize(completed_)));
}

std::vector<std::string> SourceReaderAgreement::restoredSplits() const {
  std::vector<std::string> splits;
  if (!splits_->state) return splits;
  for (const std::string& split : splits_->state->get()) splits.push_back(split);
  return splits;
}

struct SourcePosition::Stored {
  ListState<std::int64_t> state;
};

SourcePosition::SourcePosition() = default;
SourcePosition::~SourcePosition() = default;

void SourcePosition::open(const state::StateInitContext& context) {
  if (context.operatorState == nullptr) return;
  const ListStateDescriptor<std::int64_t> descriptor("position");
  stored_ = std::make_unique<Stored>(
      Stored{valueOrThrow(context.operatorState->getListState(descriptor))});
  for (const std::int64_t position : stored_->state.get()) position_ = position;
}

void SourcePosition::store() {
  if (stored_ != nullptr) stored_->state.update({position_});
}

void SourceReaderAgreement::receive(std::string_view payload) {
  if (registered_) {
    splits_->waiting.emplace_back(payload);
  } else {
    registered_ = valueOrThrow(decodeSourceEvent(payload)).first == SourceEvent::kRegistered;
  }
}

std::optional<std::string> SourceReaderAgreement::next() {
  while (!splits_->waiting.empty()) {
    const auto [event, body] = valueOrThrow(decodeSourceEvent(splits_->waiting.front()));
    if (event == SourceEvent::kSnapshot) {
      const auto found = splits_->over.find(decode<Answer>(body).id);
      if (found == splits_->over.end()) return std::nullopt;
      splits_->over.erase(found);
      splits_->waiting.pop_front();
      continue;
    }
    std::string payload = std::move(splits_->waiting.front());
    splits_->waiting.pop_front();
    return payload;
  }
  return std::nullopt;
}

bool SourceReaderAgreement::prepare(state::SnapshotId id) {
  if (requested_ < id) {
    requested_ = id;
    const SourceCoordinatorAgreement::Request request{id, completed_};
    context_->coordinator->sendToCoordinator(
        encodeSourceEvent(SourceEvent::kRequestSnapshot, types::serialize(request)));
  }
  if (splits_->waiting.empty()) return false;
  const auto [event, body] = valueOrThrow(decodeSourceEvent(splits_->waiting.front()));
  if (event != SourceEvent::kSnapshot) return false;  // not treated yet
  Answer answer = decode<Answer>(body);
  if (answer.id == id) {
    coordinatorSnapshot_ = std::move(answer.state);
    return true;
  }
  // Snapshots come in rising order: an older one does not come any more.
  if (answer.id < id) {
    splits_->over.insert(answer.id);
    context_->wake();
  }
  return false;
}

void SourceReaderAgreement::store(state::SnapshotId id, const std::vector<std::string>& splits) {
  if (splits_->state) splits_->state->update(splits);
  splits_->over.insert(id);
}

std::optional<std::string> SourceReaderAgreement::takeCoordinatorSnapshot() {
  return std::exchange(coordinatorSnapshot_, std::nullopt);
}

void SourceReaderAgreement::completed(state::SnapshotId id) {
  completed_ = std::max(completed_, id);
  // What older ones still wait for came before this one's answer.
  splits_->over.erase(splits_->over.begin(), splits_->over.lower_bound(id));
}

void SourceReaderAgreement::aborted(state::SnapshotId id) {
  splits_->over.insert(id);
}

SourceCoordinatorAgreement::Request SourceCoordinatorAgreement::decodeRequest(
    std::string_view body) {
  return decode<Request>(body);
}

state::SnapshotId SourceCoordinatorAgreement::decodeRegistration(std::string_view body) {
  return decode<state::SnapshotId>(body);
}

std::string SourceCoordinatorAgreement::answer(state::SnapshotId id,
                                               const std::optional<std::string>& state) {
  return encodeSourceEvent(SourceEvent::kSnapshot, types::serialize(Answer{id, state}));
}

std::string SourceCoordinatorAgreement::snapshotOf(std::string enumerator) const {
  return types::serialize(CoordinatorSnapshot{latest_, std::move(enumerator)});
}

std::string SourceCoordinatorAgreement::restore(std::string_view snapshot) {
  auto restored = decode<CoordinatorSnapshot>(snapshot);
  latest_ = restored.id;
  return std::move(restored.enumerator);
}

bool SourceCoordinatorAgreement::begin(const Request& request) {
  std::erase_if(assignments_,
                [&](const Assignment& assignment) { return assignment.after < request.completed; });
  if (request.snapshot <= latest_) return false;
  latest_ = request.snapshot;
  return true;
}

void SourceCoordinatorAgreement::assigned(int subtask, std::string split) {
  assignments_.push_back({latest_, subtask, std::move(split)});
}

std::vector<std::string> SourceCoordinatorAgreement::takeBack(int subtask,
                                                              state::SnapshotId restored) {
  std::vector<std::string> splits;
  std::erase_if(assignments_, [&](Assignment& assignment) {
    if (assignment.subtask != subtask || assignment.after < restored) return false;
    splits.push_back(std::move(assignment.split));
    return true;
  });
  return splits;
}

}  // namespace flink::operators
