#include "select.hpp"

#include "../base/isa.hpp"

namespace heflow {

const RandomKernels& random_kernels() noexcept {
#if defined(HEFLOW_HAVE_AVX512IFMA)
  if (widest_isa() >= Isa::avx512ifma) return kAvx512IfmaRandomKernels;
#endif
#if defined(HEFLOW_HAVE_AVX2)
  if (widest_isa() >= Isa::avx2) return kAvx2RandomKernels;
#endif
  return kPortableRandomKernels;
}

}  // namespace heflow
