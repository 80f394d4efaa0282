// 64-byte aligned arrays of words out of a process-wide pool, so that results cost no page faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace heflow {

enum class Content {
  open,
  secret,  // wiped when released
};

// Move-only; the words are not initialised.
class Buffer {
 public:
  Buffer() noexcept = default;
  explicit Buffer(std::size_t words, Content content = Content::open);
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    swap(moved);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  std::uint64_t* data() noexcept { return data_; }
  const std::uint64_t* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return words_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(words_, other.words_);
    std::swap(content_, other.content_);
  }

  std::uint64_t* data_ = nullptr;
  std::size_t words_ = 0;
  Content content_ = Content::open;
};

std::size_t pooled_bytes() noexcept;  // kept for reuse, of at most kPoolBytes
inline constexpr std::size_t kPoolBytes = std::size_t{256} << 20;

}  // namespace heflow
