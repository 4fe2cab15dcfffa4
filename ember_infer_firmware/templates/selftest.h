/* Golden vectors of @name@. */

#ifndef @upper@_SELFTEST_H
#define @upper@_SELFTEST_H

#ifdef __cplusplus
extern "C" {
#endif

/* Runs @count@ @samples@. Returns how many bytes of the outputs differ from the golden ones, or a negative status of
   @name@_run. */
int @name@_selftest(void);

#ifdef __cplusplus
}
#endif

#endif
