#include "batch.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "../base/error.hpp"
#include "inverse.hpp"

namespace heflow::bigint {
namespace {

constexpr std::size_t kCheapItems = 64;  // items a tile for operations of a few products

// The indices of one group of lanes; the last group repeats its last item.
void lane_indices(std::int64_t* lanes, const std::int64_t* indices, std::size_t count, std::size_t first, unsigned n) {
  for (unsigned l = 0; l < n; ++l) lanes[l] = indices[std::min(first + l, count - 1)];
}

// Into the second-level cache: the first is full of the product at hand.
void prefetch(const Word* data, std::size_t words) {
  for (std::size_t i = 0; i < words; i += 8) __builtin_prefetch(data + i, 0, 2);
}

}  // namespace

std::size_t groups_per_tile(const Modulus& modulus, std::size_t items) {
  return std::max<std::size_t>(1, items / modulus.lanes());
}

const Word* gather(const Batch& batch, const std::int64_t* indices, Word* scratch) {
  const Modulus& m = batch.modulus();
  const unsigned lanes = m.lanes();
  bool in_place = indices[0] % lanes == 0;
  for (unsigned l = 1; l < lanes; ++l) in_place = in_place && indices[l] == indices[0] + l;
  if (in_place) return batch.group(static_cast<std::size_t>(indices[0]) / lanes);
  const std::size_t words = m.dual_group_words();
  for (unsigned l = 0; l < lanes; ++l) {
    const std::size_t item = static_cast<std::size_t>(indices[l]);
    const Word* source = batch.group(item / lanes) + item % lanes;
    for (std::size_t i = 0; i < words; i += lanes) scratch[i + l] = source[i];
  }
  return scratch;
}

void gather_rows(Batch& batch, const Word* groups) {
  const Modulus& m = batch.modulus();
  const std::size_t words = m.dual_group_words();
  const unsigned lanes = m.lanes();
  for (std::size_t item = 0; item < batch.groups() * lanes; ++item) {
    const Word* from = groups + std::min(item, batch.size() - 1) * words;
    Word* to = batch.group(item / lanes) + item % lanes;
    for (std::size_t i = 0; i < words; i += lanes) to[i] = from[i];
  }
}

BatchPtr multiply(const Batch& a, const Batch& b) {
  const Modulus& m = a.modulus();
  auto result = std::make_shared<Batch>(a.modulus_ptr(), a.size());
  for_each_tile(a.groups(), groups_per_tile(m, kCheapItems), [&](std::size_t first, std::size_t last) {
    m.kernels().dual_mul_groups(result->group(first), a.group(first), b.group(first), last - first, m.view());
  });
  return result;
}

BatchPtr take(const Batch& batch, const std::int64_t* indices, std::size_t count) {
  const Modulus& m = batch.modulus();
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), count);
  for_each_tile(result->groups(), groups_per_tile(m, kCheapItems), [&](std::size_t first, std::size_t last) {
    for (std::size_t g = first; g < last; ++g) {
      std::int64_t lanes[kMaxLanes];
      lane_indices(lanes, indices, count, g * m.lanes(), m.lanes());
      const Word* found = gather(batch, lanes, result->group(g));
      if (found != result->group(g)) std::memcpy(result->group(g), found, m.dual_group_words() * sizeof(Word));
    }
  });
  return result;
}

BatchPtr concatenate(const std::vector<BatchPtr>& batches) {
  std::size_t size = 0;
  for (const BatchPtr& b : batches) size += b->size();
  const ModulusPtr& modulus = batches.front()->modulus_ptr();
  const unsigned lanes = modulus->lanes();
  const std::size_t words = modulus->dual_group_words();
  auto result = std::make_shared<Batch>(modulus, size);
  std::size_t at = 0;
  for (const BatchPtr& b : batches) {
    if (at % lanes == 0 && b->size() > 0) {  // whole groups fit where they are
      std::memcpy(result->group(at / lanes), b->group(0), b->bytes());
      at += b->size();
      continue;
    }
    for (std::size_t item = 0; item < b->size(); ++item, ++at) {
      const Word* source = b->group(item / lanes) + item % lanes;
      Word* target = result->group(at / lanes) + at % lanes;
      for (std::size_t i = 0; i < words; i += lanes) target[i] = source[i];
    }
  }
  for (; at % lanes != 0; ++at) {  // padding lanes repeat item 0 of their group
    Word* group = result->group(at / lanes);
    for (std::size_t i = 0; i < words; i += lanes) group[i + at % lanes] = group[i];
  }
  return result;
}

BatchPtr invert_vartime(const Batch& batch) {
  const Modulus& m = batch.modulus();
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), batch.size());
  std::atomic<bool> units{true};
  const std::size_t tile = std::clamp<std::size_t>(batch.groups() / 4, groups_per_tile(m, 64), groups_per_tile(m, 1024));
  for_each_tile(batch.groups(), tile, [&](std::size_t first, std::size_t last) {
    if (!invert_dual_groups(result->group(first), batch.group(first), last - first, m, InverseMethod::divsteps_vartime)) {
      units = false;
    }
  });
  if (!units) throw Error(ErrorKind::format, "a ciphertext shares a factor with the modulus: it was not made by encryption");
  return result;
}

void multiply_lanes(Word* group, Word* scratch, const Modulus& modulus) {
  for (unsigned distance = 1; distance < modulus.lanes(); distance *= 2) {
    exchange_lanes(scratch, group, distance, modulus.dual_group_words(), modulus);
    modulus.kernels().dual_mul(group, group, scratch, modulus.view());
  }
}

namespace {

// Few rows: lane l takes every lanes-th factor of one row, and the lanes are multiplied at the end.
BatchPtr multiply_few_groups(const Batch& batch, const std::int64_t* indices, std::size_t rows, std::size_t count) {
  const Modulus& m = batch.modulus();
  const unsigned lanes = m.lanes();
  const std::size_t words = m.dual_group_words();
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), rows);
  Buffer products(rows * words);
  parallel_for(rows, [&](std::size_t r) {
    Buffer scratch(words), one(words);
    Word* product = products.data() + r * words;
    for (std::size_t j = 0; j < count; j += lanes) {
      std::int64_t lane[kMaxLanes];
      lane_indices(lane, indices + r * count, count, j, lanes);
      const Word* items = gather(batch, lane, scratch.data());
      if (j + lanes > count) {  // 1 in the lanes beyond the end
        if (items != scratch.data()) std::memcpy(scratch.data(), items, words * sizeof(Word));
        items = scratch.data();
        broadcast(one.data(), m.dual_one(), m);
        for (std::size_t i = 0; i < words; i += lanes) {
          for (std::size_t l = count - j; l < lanes; ++l) scratch.data()[i + l] = one.data()[i];
        }
      }
      if (j == 0) {
        std::memcpy(product, items, words * sizeof(Word));
      } else {
        m.kernels().dual_mul(product, product, items, m.view());
      }
    }
    multiply_lanes(product, scratch.data(), m);
  });
  gather_rows(*result, products.data());
  return result;
}

}  // namespace

BatchPtr multiply_groups(const Batch& batch, const std::int64_t* indices, std::size_t rows, std::size_t count) {
  const Modulus& m = batch.modulus();
  const unsigned lanes = m.lanes();
  constexpr std::size_t kLongest = 512;  // longer rows are work for several threads
  const std::size_t folded = rows * ((count + lanes - 1) / lanes + 2), side_by_side = (rows + lanes - 1) / lanes * (count - 1);
  if (lanes > 1 && count <= kLongest && folded <= side_by_side) return multiply_few_groups(batch, indices, rows, count);
  // Few long rows: cut each into parts, so that lanes and threads have work; then sum the parts.
  constexpr std::size_t kEnoughLanes = 512, kShortest = 4;
  if (rows < kEnoughLanes && count >= 2 * kShortest) {
    const std::size_t parts = std::min({kEnoughLanes / rows, count / kShortest, count});
    if (parts > 1) {
      const std::size_t length = count / parts, rest = count % parts;
      // Part p of a row takes items p, p + parts, ...: neighbours stay neighbours across lanes.
      std::vector<std::int64_t> cut(rows * parts * length);
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t p = 0; p < parts; ++p) {
          for (std::size_t j = 0; j < length; ++j) cut[(r * parts + p) * length + j] = indices[r * count + j * parts + p];
        }
      }
      const BatchPtr sums = multiply_groups(batch, cut.data(), rows * parts, length);
      std::vector<BatchPtr> pieces{sums};
      if (rest > 0) pieces.push_back(take(batch, indices, 0));
      std::vector<std::int64_t> left;
      for (std::size_t r = 0; r < rows && rest > 0; ++r) {
        left.insert(left.end(), indices + r * count + parts * length, indices + (r + 1) * count);
      }
      if (rest > 0) pieces.back() = take(batch, left.data(), left.size());
      const BatchPtr all = concatenate(pieces);
      std::vector<std::int64_t> second(rows * (parts + rest));
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t p = 0; p < parts; ++p) second[r * (parts + rest) + p] = static_cast<std::int64_t>(r * parts + p);
        for (std::size_t p = 0; p < rest; ++p) {
          second[r * (parts + rest) + parts + p] = static_cast<std::int64_t>(rows * parts + r * rest + p);
        }
      }
      return multiply_groups(*all, second.data(), rows, parts + rest);
    }
  }
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), rows);
  const std::size_t tile = groups_per_tile(m, std::max<std::size_t>(lanes, kCheapItems / count));
  for_each_tile(result->groups(), tile, [&](std::size_t first, std::size_t last) {
    Buffer scratch(m.dual_group_words());
    for (std::size_t g = first; g < last; ++g) {
      for (std::size_t j = 0; j < count; ++j) {
        std::int64_t lane[kMaxLanes];
        for (unsigned l = 0; l < lanes; ++l) lane[l] = indices[std::min(g * lanes + l, rows - 1) * count + j];
        if (j + 1 < count)
          prefetch(batch.group(static_cast<std::size_t>(indices[g * lanes * count + j + 1]) / lanes), m.dual_group_words());
        const Word* item = gather(batch, lane, scratch.data());
        if (j == 0) {
          std::memcpy(result->group(g), item, m.dual_group_words() * sizeof(Word));
        } else {
          m.kernels().dual_mul(result->group(g), result->group(g), item, m.view());
        }
      }
    }
  });
  return result;
}

}  // namespace heflow::bigint
