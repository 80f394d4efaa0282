#include "totals.hpp"

#include <algorithm>
#include <atomic>

#include "../base/error.hpp"
#include "blocks.hpp"

namespace heflow::ckks {
namespace {

constexpr std::size_t kChunk = 512;  // residues that are expanded at a time, beside a total in the first cache

// 64-bit words of at most `weight` times a prime modulo it: upper is scratch.
void reduce_words(Word* r, const Word* x, Word* upper, const Context& context, std::size_t prime, std::uint64_t weight) {
  constexpr unsigned kLow = 52;  // bits that the ring takes
  const Modulus& q = context.modulus(prime);
  const std::size_t n = context.degree();
  if (weight <= (Word{1} << kLow) / q.p) return context.kernels().reduce(r, x, n, q);
  const Factor high = context.factor(Word{1} << kLow, prime);
  for (std::size_t i = 0; i < n; ++i) upper[i] = x[i] >> kLow, r[i] = x[i] & ((Word{1} << kLow) - 1);
  context.kernels().reduce(r, r, n, q);
  context.kernels().scale_add(r, upper, high, r, n, q);
}

}  // namespace

Totals::Totals(std::shared_ptr<const Sums> sums, std::size_t values, bool shared)
    : sums_(std::move(sums)), values_(values), blocks_(sums_->blocks(values)), shared_(shared) {
  make_part(0);
  if (!shared_) make_part(1);
  pending_.reserve(kMostPending);
}

void Totals::make_part(std::size_t part) {
  Buffer& words = parts_[part] = Buffer(blocks_ * sums_->primes() * sums_->context().degree());
  std::fill(words.data(), words.data() + words.size(), 0);
}

void Totals::add(const std::uint8_t* in, const SeedBytes& seed, std::uint64_t weight) {
  if (pending_.size() == kMostPending) expand_pending();
  const std::size_t n = sums_->context().degree(), parts = shared_ ? 1 : 2;
  const unsigned width = sums_->width(), drop = sums_->packing().drop;
  const Word half = drop == 0 ? 0 : Word{1} << (drop - 1);
  std::atomic<bool> bad{false};
  const auto add_block = [&](std::size_t block, Word w) {
    const std::uint8_t* from = in + block * sums_->block_bytes(width, !shared_);
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t count = part == 0 ? sums_->stride(values_, block) : n;
      for (std::size_t i = 0; i < sums_->primes(); ++i, from += count / 8 * width) {
        const Word largest = sums_->kernels().unpack_add(word(part, block, i), from, count, width, w);
        if (largest > (sums_->context().modulus(i).p - 1 + half) >> drop) bad = true;
      }
    }
  };
  std::vector<std::uint8_t> added(blocks_, 0);
  const auto undo = [&] {  // sums of words modulo 2^64 are undone exactly
    for (std::size_t block = 0; block < blocks_; ++block) {
      if (added[block] != 0) add_block(block, 0 - weight);
    }
  };
  try {
    each_block(blocks_, 0, Content::open, [&](std::size_t block, Word*) { add_block(block, weight), added[block] = 1; });
  } catch (...) {
    undo();
    throw;
  }
  if (bad) {
    undo();
    throw Error(ErrorKind::format, "a coefficient is not below the modulus: the message is damaged or of another plan");
  }
  weight_ += weight;
  if (shared_) pending_.push_back({seed, weight});
}

void Totals::add_expansions(Word* total, Word* scratch, std::size_t block, std::size_t prime) const {
  for (const Pending& pending : pending_) {
    const Seed seed = seed_of(pending.seed);
    Expansion a(seed, *sums_, block, prime);
    for (std::size_t at = 0; at < sums_->context().degree(); at += kChunk) {
      a.next(scratch, kChunk);
      sums_->kernels().add_multiple(total + at, scratch, kChunk, pending.weight);
    }
  }
}

void Totals::expand_pending() {
  if (parts_[1].size() == 0) make_part(1);
  // All of it or nothing: an interrupted loop leaves the words as they were.
  Buffer sum(parts_[1].size());
  each_block(blocks_, kChunk, Content::open, [&](std::size_t block, Word* scratch) {
    const std::size_t n = sums_->context().degree(), first = block * sums_->primes() * n;
    std::copy(word(1, block, 0), word(1, block, 0) + sums_->primes() * n, sum.data() + first);
    for (std::size_t i = 0; i < sums_->primes(); ++i) add_expansions(sum.data() + first + i * n, scratch, block, i);
  });
  parts_[1] = std::move(sum);
  pending_.clear();
}

void Totals::write(std::uint8_t* out) const {
  const std::size_t n = sums_->context().degree();
  const unsigned bits = sums_->context().modulus(0).bits;
  each_block(blocks_, 3 * n, Content::open, [&](std::size_t block, Word* scratch) {
    Word *values = scratch, *upper = values + n, *sum = upper + n;
    std::uint8_t* to = out + block * sums_->block_bytes(bits, true);
    for (std::size_t part = 0; part < 2; ++part) {
      const std::size_t count = part == 0 ? sums_->stride(values_, block) : n;
      for (std::size_t i = 0; i < sums_->primes(); ++i, to += count / 8 * bits) {
        const Word* total = sum;
        if (parts_[part].size() > 0) total = word(part, block, i);
        if (part == 1 && shared_) {
          total == sum ? std::fill(sum, sum + n, 0) : void(std::copy(total, total + n, sum));
          add_expansions(sum, upper, block, i);
          total = sum;
        }
        reduce_words(values, total, upper, sums_->context(), i, weight_);
        sums_->kernels().pack(to, values, count, bits);
      }
    }
  });
}

void Totals::read(const std::uint8_t* in) {
  weight_ = 1;
  if (shared_) make_part(1);
  const std::size_t n = sums_->context().degree();
  const unsigned bits = sums_->context().modulus(0).bits;
  std::atomic<bool> bad{false};
  each_block(blocks_, 0, Content::open, [&](std::size_t block, Word*) {
    const std::uint8_t* from = in + block * sums_->block_bytes(bits, true);
    for (std::size_t part = 0; part < 2; ++part) {
      const std::size_t count = part == 0 ? sums_->stride(values_, block) : n;
      for (std::size_t i = 0; i < sums_->primes(); ++i, from += count / 8 * bits) {
        if (sums_->kernels().unpack_add(word(part, block, i), from, count, bits, 1) >= sums_->context().modulus(i).p)
          bad = true;
      }
    }
  });
  if (bad) throw Error(ErrorKind::format, "a coefficient of the sum is not below the modulus: the bytes are damaged");
}

}  // namespace heflow::ckks
