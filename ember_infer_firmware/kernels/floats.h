/* For all arithmetic of float32: TFLM's products and sums are rounded one by one, as C has it without contraction. GCC
   obeys -std=c99 or -ffp-contract=off, and warns of the pragma; clang needs either the option or the pragma. */

#ifndef EMBER_FLOATS_H
#define EMBER_FLOATS_H

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#include "ember_common.h"

#endif
