/* For build systems that compile src/ alone, with what is below it: Arduino and PlatformIO. */
#include "../../selftest/@name@_selftest.h"
