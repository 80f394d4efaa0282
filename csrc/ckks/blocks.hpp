#pragma once

#include <algorithm>

#include "../base/buffer.hpp"
#include "../threads/parallel_for.hpp"

namespace heflow::ckks {

inline constexpr std::size_t kBlocksPerTile = 8;  // that share scratch, which is wiped once

// body(block, scratch of `words` words) for every block, on all threads.
template <class Body>
void each_block(std::size_t blocks, std::size_t words, Content content, const Body& body) {
  parallel_for((blocks + kBlocksPerTile - 1) / kBlocksPerTile, [&](std::size_t tile) {
    Buffer scratch(words, content);
    const std::size_t first = tile * kBlocksPerTile, last = std::min(blocks, first + kBlocksPerTile);
    for (std::size_t block = first; block < last; ++block) body(block, scratch.data());
  });
}

}  // namespace heflow::ckks
