// The key stream and what is sampled from it, and the checksum.
#include <numeric>
#include <string>

#include "../../csrc/random/chacha20.hpp"
#include "../../csrc/random/samplers.hpp"
#include "../../csrc/wire/checksum.hpp"
#include "checks.hpp"

namespace heflow::checks {
namespace {

template <class T>
Words widened(const std::vector<T>& values) {
  Words words;
  for (T value : values) words.push_back(static_cast<Word>(static_cast<std::int64_t>(value)));
  return words;
}

}  // namespace

void check_random(Report& report) {
  std::uint8_t key[Seed::kBytes];
  std::iota(key, key + Seed::kBytes, std::uint8_t{1});
  for (std::size_t blocks : {1, 3, 4, 5, 9}) {  // across the carry of the counter's low word
    std::vector<std::uint8_t> bytes(64 * blocks);
    chacha20(bytes.data(), key, 0x0123456789abcdef, 0xfffffffe, blocks);
    report.result("random/chacha20/" + std::to_string(blocks), widened(bytes));
  }
  const Seed seed = Seed::from_bytes(key);
  Stream stream(seed, 7);
  Words residues(1000), bits(5);
  uniform_residues(stream, residues.data(), residues.size(), 0x2aaaaaaaaaaab);
  report.result("random/uniform_residues", residues);
  uniform_bits(stream, bits.data(), bits.size(), 301);
  report.result("random/uniform_bits", bits);
  Stream small(seed, 8);
  std::vector<std::int8_t> ternary(5000), binomial(1024);
  uniform_ternary(small, ternary.data(), ternary.size());
  report.result("random/uniform_ternary", widened(ternary));
  centred_binomial21(small, binomial.data(), binomial.size());
  report.result("random/centred_binomial21", widened(binomial));
  Words checksums;
  std::vector<std::uint8_t> bytes(1000);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  for (std::size_t size : {0, 1, 15, 16, 17, 255, 256, 1000}) checksums.push_back(checksum(bytes.data(), size));
  report.result("wire/checksum", checksums);
}

}  // namespace heflow::checks
