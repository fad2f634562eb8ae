#include "core/base/result.h"

#include "core/base/error_codes.h"

namespace flink {

struct Status::Rep {
  ErrorCode code;
  std::string message;
  Status cause;
};

void Status::RepDelete::operator()(Rep* rep) const noexcept {
  delete rep;
}

Status::Status(ErrorCode code, std::string message) : rep_(new Rep{code, std::move(message), {}}) {}

Status::Status(const Status& other) : rep_(other.rep_ ? new Rep(*other.rep_) : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) rep_.reset(other.rep_ ? new Rep(*other.rep_) : nullptr);
  return *this;
}

ErrorCode Status::code() const {
  FLINK_CHECK(rep_ != nullptr, "a success has no error code");
  return rep_->code;
}

const std::string& Status::message() const {
  FLINK_CHECK(rep_ != nullptr, "a success has no message");
  return rep_->message;
}

std::string_view Status::id() const {
  return rep_ ? errorInfo(rep_->code).id : std::string_view("OK");
}

const Status* Status::cause() const {
  return rep_ && rep_->cause.rep_ ? &rep_->cause : nullptr;
}

Status Status::causedBy(Status inner) && {
  FLINK_CHECK(rep_ != nullptr, "a success has no cause");
  Status* last = this;
  while (last->rep_->cause.rep_ != nullptr) last = &last->rep_->cause;
  last->rep_->cause = std::move(inner);
  return std::move(*this);
}

std::string Status::toString() const {
  if (!rep_) return "OK";
  std::string text = std::string(id()) + ": " + rep_->message;
  for (const Status* next = cause(); next != nullptr; next = next->cause()) {
    text += "; caused by: " + std::string(next->id()) + ": " + next->message();
  }
  return text;
}

}  // namespace flink
