/* What the runners of vectors share: the way through the cases, and what reports have. */
#ifndef RUNNER_H
#define RUNNER_H

#include "callcta.h"
#include "json.h"

/* What a runner does with each case of the folder in CALLCTA_VECTORS_DIR. */
void run_case(const char *file, const json_value *json);
/* Where a case's requests go: below CALLCTA_VECTORS_URL. Lives until the next call. */
const char *case_url(const char *file, const json_value *json);
/* Writes a member after others; nothing if the value is NULL. */
void print_member(const char *key, const char *value);
void print_violations(const callcta_violations *violations);

#endif
