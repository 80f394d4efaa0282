// check_kernels VECTORS: exit 0 if every kernel of the portable backend gives what is stored.
#include <cstring>
#include <fstream>

#include "../../csrc/wire/checksum.hpp"
#include "checks.hpp"

namespace heflow::checks {

Word Source::next() {
  state_ += 0x9e3779b97f4a7c15;
  Word x = state_;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Words Source::words(std::size_t count) {
  Words out(count);
  for (Word& word : out) word = next();
  return out;
}

Words Source::below(std::size_t count, Word bound) {
  Words out = words(count);
  for (Word& word : out) word %= bound;
  return out;
}

Words Source::number(std::size_t count, std::size_t bits) {
  Words out = words(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (64 * i >= bits)
      out[i] = 0;
    else if (64 * (i + 1) > bits)
      out[i] &= ~Word{0} >> (64 * (i + 1) - bits);
  }
  return out;
}

std::vector<double> Source::integers(std::size_t n, unsigned bits) {
  std::vector<double> out(n);
  for (double& x : out) x = static_cast<double>(static_cast<std::int64_t>(next()) >> (63 - bits));
  return out;
}

Report::Report(const char* vectors) {
  std::ifstream file(vectors);
  std::string name, digest;
  while (file >> name >> digest) stored_[name] = std::stoull(digest, nullptr, 16);
}

void Report::result(const std::string& name, const Word* words, std::size_t count) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < count; ++i) {
    for (int k = 0; k < 64; k += 8) bytes.push_back(static_cast<std::uint8_t>(words[i] >> k));
  }
  const auto found = stored_.find(name);
  expect(name, found != stored_.end() && found->second == checksum(bytes.data(), bytes.size()));
  if (found != stored_.end()) stored_.erase(found);
}

void Report::expect(const std::string& name, bool right) {
  right ? ++right_ : ++wrong_;
  if (!right) std::printf("WRONG %s\n", name.c_str());
}

int Report::end() {
  for (const auto& [name, digest] : stored_) expect(name + " was not checked", false);
  std::printf("%zu results right, %zu wrong\n", right_, wrong_);
  return right_ > 0 && wrong_ == 0 ? 0 : 1;
}

}  // namespace heflow::checks

int main(int count, char** arguments) {
  if (count != 2) {
    std::puts("check_kernels VECTORS");
    return 2;
  }
  heflow::checks::Report report(arguments[1]);
  const char* check = "123456789";
  report.expect("checksum of CRC-64/XZ's check input",
                heflow::checksum(reinterpret_cast<const std::uint8_t*>(check), std::strlen(check)) == 0x995dc9bbdf1939fa);
  heflow::checks::check_bigint(report);
  heflow::checks::check_ring(report);
  heflow::checks::check_embedding(report);
  heflow::checks::check_random(report);
  heflow::checks::check_sums(report);
  return report.end();
}
