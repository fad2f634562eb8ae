#pragma once

#include <memory>

#include "core/base/bytes.h"
#include "core/base/ids.h"

namespace flink::control {

/// Computes the digest that names a blob.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(ByteView data);
  /// The digest of everything so far; begins anew.
  BlobDigest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace flink::control
