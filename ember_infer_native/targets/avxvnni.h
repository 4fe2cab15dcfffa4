/* x86-64 with AVX2, FMA and AVX-VNNI: as avx2.h, whose compiler flags tell it of vpdpbusd. */

#include "avx2.h"
