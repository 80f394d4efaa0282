// The negacyclic transform: radix-8 and radix-16 passes over registers, and one kernel for the last seven
// stages of each 128 values. Ranges and order: docs/maths/ntt.md. What goes in comes from a source, eight values below 2p
// at a position; what comes out of the last stage goes to a sink.
#pragma once

#include "vector.hpp"

namespace heflow::ring::avx512ifma {
namespace {

constexpr unsigned kBlock = 128;
constexpr unsigned kTailWords = 7 * 16;  // for each 64 values

struct Memory {
  const Word* a;
  __attribute__((always_inline)) Vec operator()(std::size_t i) const { return load(a + i); }
};

// A result of the forward transform to below 2p.
template <bool Free>
HEFLOW_INLINE Vec below_twice(Vec x, const Constants& c) {
  return Free ? barrett(x, c) : correct(x, c.twice);
}

// Results as they come, or canonical.
template <bool Lazy>
struct Store {
  Word* r;
  template <bool Free>
  __attribute__((always_inline)) void put(std::size_t i, Vec x, const Constants& c) const {
    store(r + i, Lazy ? x : correct(below_twice<Free>(x, c), c.p));
  }
};

// (x, y) -> (x + w y, x - w y). Free: the values may grow by 2p a stage. Otherwise x, y < 4p throughout.
template <bool Free>
HEFLOW_INLINE void butterfly(Vec& x, Vec& y, const Factors& w, const Constants& c) {
  Vec t = times_unmasked(y, w, c);
  if (!Free) t = masked(t, c), x = correct(x, c.twice);
  y = minus(plus(x, c.twice), t);
  x = plus(x, t);
}

// Where the roots of a stage with `groups` blocks come from: the tree below a node, the same for all lanes, ...
struct TreeRoots {
  const Factor* tree;
  std::size_t node;
  __attribute__((always_inline)) Factors operator()(int groups, int g) const {
    return broadcast(tree[static_cast<std::size_t>(groups) * node + static_cast<std::size_t>(g)]);
  }
};

// ... or the tail, one a lane.
struct TailRoots {
  const Word* tail;
  __attribute__((always_inline)) Factors operator()(int groups, int g) const {
    return load_factors(tail + 16 * (groups - 1 + g));
  }
};

// Stages of Groups, 2 Groups, ..., Rows / 2 blocks over rows of vectors.
template <bool Free, int Rows, int Groups = 1, class Roots>
HEFLOW_INLINE void forward_stages(Vec* v, const Roots& roots, const Constants& c) {
  if constexpr (Groups < Rows) {
    constexpr int kHalf = Rows / (2 * Groups);
    HEFLOW_UNROLL
    for (int g = 0; g < Groups; ++g) {
      const Factors w = roots(Groups, g);
      HEFLOW_UNROLL
      for (int j = 0; j < kHalf; ++j) butterfly<Free>(v[g * 2 * kHalf + j], v[g * 2 * kHalf + j + kHalf], w, c);
    }
    forward_stages<Free, Rows, 2 * Groups>(v, roots, c);
  }
}

template <bool Free, int Rows, class Source>
void forward_pass(Word* a, const Source& given, std::size_t length, const Factor* tree, std::size_t node, const Constants& c) {
  const Source source = given;  // a copy, which stores to `a` cannot change
  const std::size_t stride = length / Rows;
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Vec v[Rows];
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) v[r] = source(r * stride + j);
    forward_stages<Free, Rows>(v, TreeRoots{tree, node}, c);
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) store(a + r * stride + j, v[r]);
  }
}

// The last three stages of 64 values, transposed so that each stage pairs whole vectors.
template <bool Free, class Sink>
HEFLOW_INLINE void forward_tail(Vec* v, const Word* tail, std::size_t at, const Sink& sink, const Constants& c) {
  transpose(v);
  forward_stages<Free, 8>(v, TailRoots{tail}, c);
  HEFLOW_UNROLL
  for (int r = 0; r < 8; ++r) sink.template put<Free>(at + 8 * r, v[r], c);
}

template <bool Free, class Sink>
void forward_block(const Word* a, const Sink& sink, const NttTable& table, std::size_t block, const Constants& c) {
  Vec v[16];
  HEFLOW_UNROLL
  for (int r = 0; r < 16; ++r) v[r] = load(a + kBlock * block + 8 * r);
  const std::size_t node = (std::size_t{1} << table.log_degree) / kBlock + block;
  forward_stages<Free, 16>(v, TreeRoots{table.forward, node}, c);
  const Word* tail = table.forward_tail + 2 * block * kTailWords;
  forward_tail<Free>(v, tail, kBlock * block, sink, c);
  forward_tail<Free>(v + 8, tail + kTailWords, kBlock * block + 64, sink, c);
}

// Sub-tree `node` of `length` values, part number `node - degree / length` of `a`: First rows over the whole, then Second
// rows and blocks while in the first-level cache.
template <bool Free, int First, int Second, class Source, class Sink>
void forward_tree(Word* a, const Source& source, const Sink& sink, std::size_t length, std::size_t node, const NttTable& table,
                  const Constants& c) {
  const std::size_t degree = std::size_t{1} << table.log_degree, part = length / First;
  const std::size_t start = (node - degree / length) * length;
  forward_pass<Free, First>(a + start, source, length, table.forward, node, c);
  for (std::size_t i = 0; i < First; ++i) {
    const std::size_t child = First * node + i, at = start + i * part;
    if constexpr (Second > 1) forward_pass<Free, Second>(a + at, Memory{a + at}, part, table.forward, child, c);
    for (std::size_t k = 0; k < part / kBlock; ++k) forward_block<Free>(a, sink, table, at / kBlock + k, c);
  }
}

template <bool Free, class Source, class Sink>
void forward_any(Word* a, const Source& source, const Sink& sink, const NttTable& table) {
  const Constants c = constants(table.modulus);
  const std::size_t degree = std::size_t{1} << table.log_degree;
  switch (table.log_degree) {
    case 10:
      return forward_tree<Free, 8, 1>(a, source, sink, degree, 1, table, c);
    case 11:
      return forward_tree<Free, 16, 1>(a, source, sink, degree, 1, table, c);
    case 12:
      return forward_tree<Free, 4, 8>(a, source, sink, degree, 1, table, c);
    case 13:
      return forward_tree<Free, 8, 8>(a, source, sink, degree, 1, table, c);
    case 14:
      return forward_tree<Free, 8, 16>(a, source, sink, degree, 1, table, c);
    case 15:
      return forward_tree<Free, 16, 16>(a, source, sink, degree, 1, table, c);
    default:
      forward_pass<Free, 8>(a, source, degree, table.forward, 1, c);
      for (std::size_t i = 0; i < 8; ++i) {
        const Memory memory{a + i * (degree / 8)};
        forward_tree<Free, 8, 8>(a, memory, sink, degree / 8, 8 + i, table, c);
      }
  }
}

// Through `a`, where the values are between the passes.
template <class Source, class Sink>
HEFLOW_INLINE void transform(Word* a, const Source& source, const Sink& sink, const NttTable& table) {
  table.uncorrected ? forward_any<true>(a, source, sink, table) : forward_any<false>(a, source, sink, table);
}

// Bounds, in units of p, of rows on their way through the stages of an inverse pass that starts below 2p:
// sums double, products return to 2p.
template <int Rows>
struct Growth {
  int offset[4][Rows] = {};  // of the subtrahend in stage s
  int bound[Rows] = {};
  constexpr Growth() {
    for (int r = 0; r < Rows; ++r) bound[r] = 2;
    for (int half = 1, s = 0; half < Rows; half *= 2, ++s) {
      for (int r = 0; r < Rows; ++r) {
        if ((r & half) != 0) continue;
        offset[s][r] = bound[r + half];
        bound[r] += bound[r + half];
        bound[r + half] = 2;
      }
    }
  }
};

// (x, y) -> (x + y, w (x - y)); y <= offset. Free: sums grow, products keep garbage above bit 52.
template <bool Free>
HEFLOW_INLINE void inverse_butterfly(Vec& x, Vec& y, const Factors& w, Vec offset, const Constants& c) {
  const Vec difference = plus(minus(x, y), offset);
  x = plus(x, y);
  y = times_unmasked(difference, w, c);
  if (!Free) x = correct(x, c.twice), y = masked(y, c);
}

// Back below 2p after a pass, in the low 52 bits.
template <bool Free, int Rows>
HEFLOW_INLINE void settle(Vec* v, const Constants& c) {
  if (!Free) return;
  constexpr Growth<Rows> growth;
  HEFLOW_UNROLL
  for (int r = 0; r < Rows; ++r) {
    if (growth.bound[r] >= 8) {
      v[r] = barrett(v[r], c);
    } else if (growth.bound[r] == 4) {
      v[r] = correct(masked(v[r], c), c.twice);
    }
  }
}

// Stages of Groups, Groups / 2, ..., Until blocks.
template <bool Free, int Rows, int Groups, int Until, int Stage = 0, class Roots>
HEFLOW_INLINE void inverse_stages(Vec* v, const Roots& roots, const Modulus& m, const Constants& c) {
  if constexpr (Groups >= Until) {
    constexpr Growth<Rows> growth;
    constexpr int kHalf = Rows / (2 * Groups);
    HEFLOW_UNROLL
    for (int g = 0; g < Groups; ++g) {
      const Factors w = roots(Groups, g);
      HEFLOW_UNROLL
      for (int j = 0; j < kHalf; ++j) {
        const int r = g * 2 * kHalf + j;
        const Vec offset = Free ? broadcast(m.p * static_cast<Word>(growth.offset[Stage][r])) : c.twice;
        inverse_butterfly<Free>(v[r], v[r + kHalf], w, offset, c);
      }
    }
    inverse_stages<Free, Rows, Groups / 2, Until, Stage + 1>(v, roots, m, c);
  }
}

// Last: the top of the tree, where the products carry 1/N and the results become canonical.
template <bool Free, int Rows, bool Last>
HEFLOW_INLINE void inverse_rows(Vec* v, const NttTable& table, std::size_t node, const Constants& c) {
  inverse_stages<Free, Rows, Rows / 2, Last ? 2 : 1>(v, TreeRoots{table.inverse, node}, table.modulus, c);
  if constexpr (!Last) {
    settle<Free, Rows>(v, c);
  } else {
    constexpr Growth<Rows> growth;
    constexpr int kHalf = Rows / 2, kStage = Rows == 4 ? 1 : Rows == 8 ? 2 : 3;
    const Factors scale = broadcast(table.degree_inverse), last = broadcast(table.last);
    HEFLOW_UNROLL
    for (int r = 0; r < kHalf; ++r) {
      const Vec offset = Free ? broadcast(table.modulus.p * static_cast<Word>(growth.offset[kStage][r])) : c.twice;
      inverse_butterfly<Free>(v[r], v[r + kHalf], last, offset, c);
      v[r] = times_unmasked(v[r], scale, c);
    }
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) v[r] = correct(masked(v[r], c), c.p);
  }
}

template <bool Free, int Rows, bool Last>
void inverse_pass(Word* a, std::size_t length, const NttTable& table, std::size_t node, const Constants& c) {
  const std::size_t stride = length / Rows;
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Vec v[Rows];
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) v[r] = load(a + r * stride + j);
    inverse_rows<Free, Rows, Last>(v, table, node, c);
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) store(a + r * stride + j, v[r]);
  }
}

template <bool Free>
HEFLOW_INLINE void inverse_tail(Vec* v, const Word* tail, const NttTable& table, const Constants& c) {
  inverse_stages<Free, 8, 4, 1>(v, TailRoots{tail}, table.modulus, c);
  settle<Free, 8>(v, c);
  transpose(v);
}

template <bool Free, class Source>
void inverse_block(Word* a, const Source& source, const NttTable& table, std::size_t block, const Constants& c) {
  Vec v[16];
  HEFLOW_UNROLL
  for (int r = 0; r < 16; ++r) v[r] = source(kBlock * block + 8 * r);
  const Word* tail = table.inverse_tail + 2 * block * kTailWords;
  inverse_tail<Free>(v, tail, table, c);
  inverse_tail<Free>(v + 8, tail + kTailWords, table, c);
  inverse_rows<Free, 16, false>(v, table, (std::size_t{1} << table.log_degree) / kBlock + block, c);
  HEFLOW_UNROLL
  for (int r = 0; r < 16; ++r) store(a + kBlock * block + 8 * r, v[r]);
}

template <bool Free, int First, int Second, bool Last, class Source>
void inverse_tree(Word* a, const Source& source, std::size_t length, std::size_t node, const NttTable& table,
                  const Constants& c) {
  const std::size_t degree = std::size_t{1} << table.log_degree, part = length / First;
  const std::size_t start = (node - degree / length) * length;
  for (std::size_t i = 0; i < First; ++i) {
    const std::size_t at = start + i * part;
    for (std::size_t k = 0; k < part / kBlock; ++k) inverse_block<Free>(a, source, table, at / kBlock + k, c);
    if constexpr (Second > 1) inverse_pass<Free, Second, false>(a + at, part, table, First * node + i, c);
  }
  inverse_pass<Free, First, Last>(a + start, length, table, node, c);
}

template <bool Free, class Source>
void inverse_any(Word* a, const Source& source, const NttTable& table) {
  const Constants c = constants(table.modulus);
  const std::size_t degree = std::size_t{1} << table.log_degree;
  switch (table.log_degree) {
    case 10:
      return inverse_tree<Free, 8, 1, true>(a, source, degree, 1, table, c);
    case 11:
      return inverse_tree<Free, 16, 1, true>(a, source, degree, 1, table, c);
    case 12:
      return inverse_tree<Free, 4, 8, true>(a, source, degree, 1, table, c);
    case 13:
      return inverse_tree<Free, 8, 8, true>(a, source, degree, 1, table, c);
    case 14:
      return inverse_tree<Free, 8, 16, true>(a, source, degree, 1, table, c);
    case 15:
      return inverse_tree<Free, 16, 16, true>(a, source, degree, 1, table, c);
    default:
      for (std::size_t i = 0; i < 8; ++i) inverse_tree<Free, 8, 8, false>(a, source, degree / 8, 8 + i, table, c);
      inverse_pass<Free, 8, true>(a, degree, table, 1, c);
  }
}

template <class Source>
HEFLOW_INLINE void transform_back(Word* a, const Source& source, const NttTable& table) {
  table.uncorrected ? inverse_any<true>(a, source, table) : inverse_any<false>(a, source, table);
}

}  // namespace
}  // namespace heflow::ring::avx512ifma
