#include "cluster/control/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>

#include "core/base/check.h"

namespace flink::control {

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  Context() = default;
  ~Context() { EVP_MD_CTX_free(evp); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void begin() {
    const bool begun = evp != nullptr && EVP_DigestInit_ex(evp, EVP_sha256(), nullptr) == 1;
    FLINK_CHECK(begun, "OpenSSL has no SHA-256");
  }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  context_->begin();
}
Sha256::~Sha256() = default;

void Sha256::update(ByteView data) {
  const bool updated = EVP_DigestUpdate(context_->evp, data.data(), data.size()) == 1;
  FLINK_CHECK(updated, "SHA-256 failed");
}

BlobDigest Sha256::finish() {
  std::array<std::uint8_t, BlobDigest::kSize> bytes{};
  const bool finished = EVP_DigestFinal_ex(context_->evp, bytes.data(), nullptr) == 1;
  FLINK_CHECK(finished, "SHA-256 failed");
  context_->begin();
  return BlobDigest(bytes);
}

}  // namespace flink::control
