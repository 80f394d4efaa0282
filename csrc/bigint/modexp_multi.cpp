#include "modexp_multi.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "buckets.hpp"
#include "modexp_few.hpp"
#include "modexp_straus.hpp"
#include "modexp_window.hpp"
#include "signed_digits.hpp"

namespace heflow::bigint {
namespace {

struct Plan {
  unsigned digit_bits;  // c
  std::size_t windows;  // digits an exponent
  double cost;          // of an output, in products
  std::size_t buckets() const { return (std::size_t{1} << (digit_bits - 1)) + 1; }
};

// Signed digits -2^(c-1) <= d < 2^(c-1); two spare bits keep exponent + offset inside the windows.
Plan best_plan(std::size_t bits, std::size_t length) {
  constexpr double kBucketStep = 1.12, kSquare = 0.75;  // in products: transposes included
  Plan best{};
  double least = 1e300;
  for (unsigned c = 2; c <= 9; ++c) {
    Plan plan{c, (bits + 2 + c - 1) / c, 0};
    plan.cost = static_cast<double>(plan.windows) *
                (kBucketStep * static_cast<double>(length) + 2 * static_cast<double>(plan.buckets()) + kSquare * c);
    if (plan.cost < least) least = plan.cost, best = plan;
  }
  return best;
}

// Every item and its inverse as a row of limbs.
class ItemRows {
 public:
  explicit ItemRows(const Batch& batch)
      : width_(2 * batch.modulus().limbs()), rows_(2 * batch.groups() * batch.modulus().dual_group_words()) {
    const BatchPtr inverse = invert_vartime(batch);
    const Modulus& m = batch.modulus();
    for_each_tile(batch.groups(), groups_per_tile(m, 64), [&](std::size_t first, std::size_t last) {
      for (std::size_t g = first; g < last; ++g) {
        Word *plain[kMaxLanes], *inverted[kMaxLanes];
        for (unsigned l = 0; l < m.lanes(); ++l) {
          plain[l] = rows_.data() + 2 * (g * m.lanes() + l) * width_;
          inverted[l] = plain[l] + width_;
        }
        m.kernels().store_rows(plain, batch.group(g), width_);
        m.kernels().store_rows(inverted, inverse->group(g), width_);
      }
    });
  }
  const Word* row(std::size_t item, bool inverse) const { return rows_.data() + (2 * item + (inverse ? 1 : 0)) * width_; }

 private:
  unsigned width_;
  Buffer rows_;
};

// One lane's work: the factors [first, last) of output (vector, row).
struct Job {
  const std::int64_t* items;
  std::size_t weights;  // index of the first weight
  std::size_t length;
};

void run_jobs(Word* result, const Job* jobs, const ItemRows& items, const SignedDigits& weights, const Plan& plan,
              const Modulus& m) {
  const Kernels& k = m.kernels();
  const unsigned lanes = m.lanes();
  const std::size_t words = m.dual_group_words();
  Buckets buckets(m, plan.buckets());
  Buffer factor(words), running(words), total(words), one(words);
  broadcast(one.data(), m.dual_one(), m);
  std::size_t longest = 0;
  for (unsigned l = 0; l < lanes; ++l) longest = std::max(longest, jobs[l].length);
  for (std::size_t window = plan.windows; window-- > 0;) {
    if (window + 1 < plan.windows) buckets.clear();
    for (std::size_t j = 0; j < longest; ++j) {
      const Word* rows[kMaxLanes];
      std::size_t indices[kMaxLanes];
      bool any = false;
      for (unsigned l = 0; l < lanes; ++l) {
        const bool present = j < jobs[l].length;
        const long digit = present ? weights.digit(jobs[l].weights + j, window) : 0;
        rows[l] = items.row(static_cast<std::size_t>(jobs[l].items[present ? j : 0]), digit < 0);
        indices[l] = static_cast<std::size_t>(std::labs(digit));  // bucket 0 is never read
        any = any || digit != 0;
      }
      if (!any) continue;
      k.load_rows(factor.data(), rows, buckets.width());
      buckets.multiply(indices, factor.data());
    }
    // prod_e bucket_e^e by running products from the top
    buckets.read(running.data(), plan.buckets() - 1);
    std::memcpy(total.data(), running.data(), words * sizeof(Word));
    for (std::size_t e = plan.buckets() - 1; e-- > 1;) {
      buckets.read(factor.data(), e);
      k.dual_mul(running.data(), running.data(), factor.data(), m.view());
      k.dual_mul(total.data(), total.data(), running.data(), m.view());
    }
    if (window + 1 == plan.windows) {
      std::memcpy(result, total.data(), words * sizeof(Word));
    } else {
      for (unsigned i = 0; i < plan.digit_bits; ++i) k.dual_sqr(result, result, m.view());
      k.dual_mul(result, result, total.data(), m.view());
    }
  }
}

// One output for each job, in order.
BatchPtr run_all(const Batch& batch, std::vector<Job>& jobs, const ItemRows& items, const SignedDigits& weights,
                 const Plan& plan) {
  const Modulus& m = batch.modulus();
  const std::size_t size = jobs.size();
  while (jobs.size() % m.lanes() != 0) jobs.push_back(jobs.back());
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), size);
  for_each_tile(result->groups(), groups_per_tile(m, 8), [&](std::size_t first, std::size_t last) {
    for (std::size_t g = first; g < last; ++g) run_jobs(result->group(g), jobs.data() + g * m.lanes(), items, weights, plan, m);
  });
  return result;
}

}  // namespace

BatchPtr multi_power_vartime(const Batch& batch, const std::int64_t* vectors, std::size_t count, std::size_t length,
                             const SignedIntegers& weights, std::size_t rows) {
  const Modulus& m = batch.modulus();
  const unsigned lanes = m.lanes();
  const std::size_t outputs = count * rows;
  // Few outputs: cut the vectors, so that 16 lanes have work; the parts are multiplied at the end.
  constexpr std::size_t kEnoughLanes = 16, kShortest = 8;
  const std::size_t parts = std::clamp<std::size_t>(kEnoughLanes / std::max<std::size_t>(outputs, 1), 1,
                                                    std::max<std::size_t>(length / kShortest, 1));
  const std::size_t part = (length + parts - 1) / parts;
  const std::size_t bits = std::max<std::size_t>(widest(weights, rows * length), 1);
  const Plan plan = best_plan(bits, part);
  const StrausPlan shared = straus_plan(bits, batch.size(), length, outputs);
  const bool tables = parts == 1 && shared.cost < plan.cost * static_cast<double>(outputs);
  const auto groups = static_cast<double>((outputs * parts + lanes - 1) / lanes);
  const double inverses = 10 + 3 * static_cast<double>(batch.groups());
  const double of_one_lane = tables ? shared.cost / static_cast<double>(outputs) : plan.cost;
  if (few_powers_cost(bits, length, outputs, lanes) < groups * of_one_lane + inverses) {
    return few_powers_vartime(batch, vectors, count, length, weights, rows, bits);
  }
  if (tables) {
    return straus_power_vartime(batch, vectors, count, length, weights, rows, shared);
  }
  const SignedDigits shifted(weights, rows * length, plan.digit_bits, plan.windows);
  const ItemRows items(batch);
  // Neighbouring lanes share a vector, so that they read the same rows.
  std::vector<Job> jobs;
  jobs.reserve(outputs * parts + lanes);
  for (std::size_t v = 0; v < count; ++v) {
    for (std::size_t p = 0; p < parts; ++p) {
      const std::size_t first = std::min(p * part, length), last = std::min(first + part, length);
      for (std::size_t r = 0; r < rows; ++r)
        jobs.push_back({vectors + v * length + (first < length ? first : 0), r * length + first, last - first});
    }
  }
  const BatchPtr partial = run_all(batch, jobs, items, shifted, plan);
  if (parts == 1) return partial;
  std::vector<std::int64_t> indices(outputs * parts);
  for (std::size_t v = 0; v < count; ++v) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t p = 0; p < parts; ++p) {
        indices[(v * rows + r) * parts + p] = static_cast<std::int64_t>((v * parts + p) * rows + r);
      }
    }
  }
  return multiply_groups(*partial, indices.data(), outputs, parts);
}

BatchPtr sparse_power_vartime(const Batch& batch, const std::int64_t* starts, std::size_t rows, const std::int64_t* items,
                              const SignedIntegers& weights) {
  const auto count = static_cast<std::size_t>(starts[rows]);
  const Plan plan = best_plan(std::max<std::size_t>(widest(weights, count), 1), std::max<std::size_t>(count / rows, 1));
  const SignedDigits shifted(weights, count, plan.digit_bits, plan.windows);
  const ItemRows table(batch);
  const auto length = [&](std::int64_t r) { return starts[r + 1] - starts[r]; };
  // Lanes of a group run as long as the longest: rows of like length go together.
  std::vector<std::int64_t> order(rows), place(rows);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return length(a) > length(b); });
  static constexpr std::int64_t kAnyItem = 0;  // an absent factor reads row 0 and goes to a bucket that is never read
  std::vector<Job> jobs;
  jobs.reserve(rows + kMaxLanes);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int64_t r = order[i], first = starts[r];
    place[static_cast<std::size_t>(r)] = static_cast<std::int64_t>(i);
    jobs.push_back(
        {length(r) > 0 ? items + first : &kAnyItem, static_cast<std::size_t>(first), static_cast<std::size_t>(length(r))});
  }
  const BatchPtr sorted = run_all(batch, jobs, table, shifted, plan);
  return take(*sorted, place.data(), rows);
}

BatchPtr bucket_product_vartime(const Batch& batch, const std::int32_t* bin_of, std::size_t features, std::size_t bins) {
  const Modulus& m = batch.modulus();
  const Kernels& k = m.kernels();
  const unsigned lanes = m.lanes(), width = 2 * m.limbs();
  const std::size_t outputs = features * bins;
  constexpr std::size_t kEnoughTiles = 8;
  const std::size_t parts = std::clamp<std::size_t>(kEnoughTiles / std::max<std::size_t>(features, 1), 1,
                                                    std::max<std::size_t>(batch.groups() / (4 * bins), 1));
  const std::size_t part = (batch.groups() + parts - 1) / parts;
  Buffer rows((parts * outputs + lanes) * width);  // [part][feature][bin]
  parallel_for(parts * features, [&](std::size_t tile) {
    const std::size_t p = tile / features, f = tile % features;
    Buckets buckets(m, bins + 1);
    for (std::size_t g = p * part; g < std::min((p + 1) * part, batch.groups()); ++g) {
      std::size_t indices[kMaxLanes];
      for (unsigned l = 0; l < lanes; ++l) {
        const std::size_t item = g * lanes + l;
        indices[l] = item < batch.size() ? static_cast<std::size_t>(bin_of[item * features + f]) : bins;
      }
      buckets.multiply(indices, batch.group(g));
    }
    // Fold the lanes of a bucket; as many bins at a time as there are lanes.
    Buffer total(m.dual_group_words()), factor(m.dual_group_words());
    for (std::size_t b = 0; b < bins; b += lanes) {
      for (unsigned source = 0; source < lanes; ++source) {
        const Word* from[kMaxLanes];
        for (unsigned l = 0; l < lanes; ++l) from[l] = buckets.row(std::min(b + l, bins - 1), source);
        k.load_rows(source == 0 ? total.data() : factor.data(), from, width);
        if (source > 0) k.dual_mul(total.data(), total.data(), factor.data(), m.view());
      }
      Buffer spare(static_cast<std::size_t>(lanes) * width);
      Word* to[kMaxLanes];
      for (unsigned l = 0; l < lanes; ++l) {
        to[l] = b + l < bins ? rows.data() + ((p * features + f) * bins + b + l) * width : spare.data() + l * width;
      }
      k.store_rows(to, total.data(), width);
    }
  });
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), outputs);
  for_each_tile(result->groups(), groups_per_tile(m, 64), [&](std::size_t first, std::size_t last) {
    Buffer factor(m.dual_group_words());
    for (std::size_t g = first; g < last; ++g) {
      for (std::size_t p = 0; p < parts; ++p) {
        const Word* from[kMaxLanes];
        for (unsigned l = 0; l < lanes; ++l)
          from[l] = rows.data() + (p * outputs + std::min(g * lanes + l, outputs - 1)) * width;
        k.load_rows(p == 0 ? result->group(g) : factor.data(), from, width);
        if (p > 0) k.dual_mul(result->group(g), result->group(g), factor.data(), m.view());
      }
    }
  });
  return result;
}

BatchPtr power_each_vartime(const Batch& batch, const SignedIntegers& exponents) {
  const Modulus& m = batch.modulus();
  const unsigned lanes = m.lanes();
  const std::size_t size = batch.size(), each = exponents.words_each;
  const std::size_t bits = widest(exponents, size);
  const auto negative = [&](std::size_t item) { return exponents.words[item * each + each - 1] < 0; };
  bool any_negative = false;
  for (std::size_t i = 0; i < size && !any_negative; ++i) any_negative = negative(i);
  const BatchPtr inverse = any_negative ? invert_vartime(batch) : nullptr;
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), size);
  for_each_tile(batch.groups(), groups_per_tile(m, 16), [&](std::size_t first, std::size_t last) {
    std::vector<Word> magnitudes(lanes * each);
    Buffer base(m.dual_group_words());
    for (std::size_t g = first; g < last; ++g) {
      const Word* rows[kMaxLanes];
      std::memcpy(base.data(), batch.group(g), m.dual_group_words() * sizeof(Word));
      for (unsigned l = 0; l < lanes; ++l) {
        const std::size_t item = std::min(g * lanes + l, size - 1);
        rows[l] = magnitudes.data() + l * each;
        if (magnitude(magnitudes.data() + l * each, exponents.words + item * each, each)) {
          for (std::size_t i = l; i < m.dual_group_words(); i += lanes) base.data()[i] = inverse->group(g)[i];
        }
      }
      power_lanes(result->group(g), base.data(), rows, bits, Ring::modulo_n_squared, m);
    }
  });
  return result;
}

}  // namespace heflow::bigint
