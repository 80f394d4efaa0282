#include "isa.hpp"

#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace heflow {
namespace {

#if defined(__x86_64__)
// The register state that the operating system saves: bits 1-2 AVX, 5-7 AVX-512.
unsigned saved_state() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (1u << 27)) == 0) return 0;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

CpuFeatures detect() {
  CpuFeatures features{};
  unsigned a, b, c, d;
  const unsigned state = saved_state();
  const bool avx = (state & 0x06) == 0x06, avx512 = (state & 0xe6) == 0xe6;
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    features.pclmul = (c & (1u << 1)) != 0;
    features.fma = avx && (c & (1u << 12)) != 0;
  }
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  features.avx2 = avx && (b & (1u << 5)) != 0;
  features.avx512f = avx512 && (b & (1u << 16)) != 0;
  features.avx512dq = avx512 && (b & (1u << 17)) != 0;
  features.avx512ifma = avx512 && (b & (1u << 21)) != 0;
  features.avx512bw = avx512 && (b & (1u << 30)) != 0;
  features.avx512vl = avx512 && (b & (1u << 31)) != 0;
  features.avx512vbmi = avx512 && (c & (1u << 1)) != 0;
  features.vpclmulqdq = avx512 && (c & (1u << 10)) != 0;
  features.avx512vpopcntdq = avx512 && (c & (1u << 14)) != 0;
  return features;
}
#else
CpuFeatures detect() { return CpuFeatures{}; }
#endif

}  // namespace

const CpuFeatures& cpu_features() noexcept {
  static const CpuFeatures features = detect();
  return features;
}

bool cpu_has(const std::string& name) noexcept {
  struct Named {
    const char* name;
    bool CpuFeatures::* feature;
  };
  constexpr Named all[] = {{"pclmul", &CpuFeatures::pclmul},
                           {"fma", &CpuFeatures::fma},
                           {"avx2", &CpuFeatures::avx2},
                           {"avx512f", &CpuFeatures::avx512f},
                           {"avx512dq", &CpuFeatures::avx512dq},
                           {"avx512vl", &CpuFeatures::avx512vl},
                           {"avx512bw", &CpuFeatures::avx512bw},
                           {"avx512ifma", &CpuFeatures::avx512ifma},
                           {"avx512vbmi", &CpuFeatures::avx512vbmi},
                           {"avx512vpopcntdq", &CpuFeatures::avx512vpopcntdq},
                           {"vpclmulqdq", &CpuFeatures::vpclmulqdq}};
  for (const Named& named : all) {
    if (name == named.name) return cpu_features().*named.feature;
  }
  return false;
}

bool runs_avx2() noexcept { return cpu_features().avx2 && cpu_features().fma && cpu_features().pclmul; }

bool runs_avx512ifma() noexcept {
  const CpuFeatures& cpu = cpu_features();
  return cpu.avx512f && cpu.avx512dq && cpu.avx512vl && cpu.avx512bw && cpu.avx512ifma && cpu.avx512vbmi &&
         cpu.avx512vpopcntdq && cpu.vpclmulqdq && cpu.pclmul;
}

Isa widest_isa() noexcept {
  static const Isa widest = [] {
    const char* asked = std::getenv("HEFLOW_BACKEND");
    const auto asks = [asked](const char* name) { return asked != nullptr && std::strcmp(asked, name) == 0; };
    if (!runs_avx2() || asks("portable")) return Isa::portable;
    return runs_avx512ifma() && !asks("avx2") ? Isa::avx512ifma : Isa::avx2;
  }();
  return widest;
}

std::string cpu_name() {
#if defined(__x86_64__)
  char name[49] = {};
  unsigned registers[4];
  if (static_cast<unsigned>(__get_cpuid_max(0x80000000, nullptr)) >= 0x80000004) {
    for (unsigned i = 0; i < 3; ++i) {
      __get_cpuid(0x80000002 + i, &registers[0], &registers[1], &registers[2], &registers[3]);
      std::memcpy(name + 16 * i, registers, 16);
    }
    return name;
  }
  return "x86-64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "unknown";
#endif
}

}  // namespace heflow
