#include "buffer.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#include "wipe.hpp"

namespace heflow {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kClasses = 64 * 4;  // four sizes for each power of two

// Four classes an octave: at most a quarter of a block is unused.
struct SizeClass {
  std::size_t index, bytes;
};

SizeClass size_class(std::size_t bytes) {
  std::size_t octave = 8;  // smallest block: 256 bytes
  while ((std::size_t{2} << octave) <= bytes) ++octave;
  const std::size_t quarter = std::size_t{1} << (octave - 2);
  std::size_t steps = bytes <= (std::size_t{4} * quarter) ? 0 : (bytes - 4 * quarter + quarter - 1) / quarter;
  if (steps == 4) return {4 * (octave + 1), 8 * quarter};
  return {4 * octave + steps, (4 + steps) * quarter};
}

// The pool's lock is held across fork, so that the child finds it whole and free.
class Pool {
 public:
  static Pool& instance() {
    static Pool* pool = new Pool;  // never destroyed: buffers may outlive static objects
    return *pool;
  }

  void* take(SizeClass size) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      std::vector<void*>& free = free_[size.index];
      if (!free.empty()) {
        void* block = free.back();
        free.pop_back();
        pooled_ -= size.bytes;
        return block;
      }
    }
    const bool huge = size.bytes >= kHugePage;  // streaming through a batch is bound by address translation
    void* block = nullptr;
    if (posix_memalign(&block, huge ? kHugePage : kAlignment, size.bytes) != 0) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
    if (huge) madvise(block, size.bytes, MADV_HUGEPAGE);  // a wish: its failure changes nothing
#endif
    return block;
  }

  void give(void* block, SizeClass size) noexcept {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (pooled_ + size.bytes <= kPoolBytes) {
        try {
          free_[size.index].push_back(block);
          pooled_ += size.bytes;
          return;
        } catch (const std::bad_alloc&) {  // no room to remember it: hand it back
        }
      }
    }
    std::free(block);
  }

  std::size_t pooled() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return pooled_;
  }

 private:
  Pool() {
    pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); }, [] { instance().mutex_.unlock(); });
  }

  std::mutex mutex_;
  std::vector<void*> free_[kClasses];
  std::size_t pooled_ = 0;
};

}  // namespace

Buffer::Buffer(std::size_t words, Content content) : words_(words), content_(content) {
  if (words == 0) return;
  if (words > (std::size_t{1} << 56)) throw std::bad_alloc();
  data_ = static_cast<std::uint64_t*>(Pool::instance().take(size_class(words * sizeof(std::uint64_t))));
}

Buffer::~Buffer() {
  if (data_ == nullptr) return;
  const std::size_t bytes = words_ * sizeof(std::uint64_t);
  if (content_ == Content::secret) wipe(data_, bytes);
  Pool::instance().give(data_, size_class(bytes));
}

std::size_t pooled_bytes() noexcept { return Pool::instance().pooled(); }

}  // namespace heflow
