#include "backend.hpp"

namespace heflow::bigint {

const Kernels kAvx512IfmaKernels = {
    "avx512ifma",
    8,
    52,
    5,
    6,
    avx512ifma::mont_mul,
    avx512ifma::mont_sqr,
    avx512ifma::mont_sqr_beside,
    avx512ifma::linear,
    avx512ifma::reduce,
    avx512ifma::dual_mul,
    avx512ifma::dual_mul_groups,
    avx512ifma::dual_sqr,
    avx512ifma::dual_sqr_beside,
    avx512ifma::dual_mul_half,
    avx512ifma::dual_linear,
    avx512ifma::dual_reduce,
    avx512ifma::dual_compose,
    avx512ifma::add,
    avx512ifma::load_words,
    avx512ifma::store_words,
    avx512ifma::load_rows,
    avx512ifma::store_rows,
    avx512ifma::select_lanes,
    avx512ifma::select_rows,
};

}  // namespace heflow::bigint
