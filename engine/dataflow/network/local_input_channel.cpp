#include "dataflow/network/local_input_channel.h"

#include <utility>

namespace flink::network {

void LocalInputChannel::start() {
  registry_->request(spec_.partition, spec_.subpartition, weak_from_this(),
                     [weak = weak_from_this()](Result<std::shared_ptr<SubpartitionView>> view) {
                       if (const auto self = weak.lock()) {
                         self->onView(std::move(view));
                       } else if (view.isOk()) {
                         view.value()->release();
                       }
                     });
}

void LocalInputChannel::onView(Result<std::shared_ptr<SubpartitionView>> view) {
  if (!view.isOk()) {
    queue_->fail(std::move(view).status());
    return;
  }
  bool closed = false;
  {
    MutexLock lock(mutex_);
    closed = closed_;
    if (!closed) view_ = view.value();
  }
  if (closed) {
    view.value()->release();
  } else {
    queue_->markReady(index_);
  }
}

TakeResult LocalInputChannel::take(Taken& out) {
  std::shared_ptr<SubpartitionView> view;
  {
    MutexLock lock(mutex_);
    view = view_;
  }
  return view == nullptr ? TakeResult::kNothing : view->take(out, false);
}

void LocalInputChannel::close() {
  std::shared_ptr<SubpartitionView> view;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    view.swap(view_);
  }
  if (view != nullptr) view->release();
}

}  // namespace flink::network
