#pragma once

#include "pool.hpp"

namespace heflow {

// body(tile) for every tile in [0, tiles), on all threads of the pool. Tiles are handed out in order; what a
// tile does may depend on its number only. The first exception stops the rest and is thrown here once all
// threads have let go of `body`. A loop inside a tile runs on the thread it is on.
template <class Body>
void parallel_for(std::size_t tiles, const Body& body) {
  detail::run_tiles(tiles, [](const void* b, std::size_t tile) { (*static_cast<const Body*>(b))(tile); }, &body);
}

}  // namespace heflow
