#include "inside.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>

#include "measure.h"

void bench_inside(void (*run)(void)) {
  bench_need(CU_initialize_registry() == CUE_SUCCESS, "CUnit");
  CU_pSuite suite = CU_add_suite("bench", NULL, NULL);
  bench_need(suite != NULL && CU_add_test(suite, "bench", run) != NULL, "CUnit");
  CU_run_all_tests();
  const CU_FailureRecord *failure = CU_get_failure_list();
  if (failure != NULL)
    bench_die("%s:%u: %s does not hold", failure->strFileName, failure->uiLineNumber, failure->strCondition);
  CU_cleanup_registry();
}
