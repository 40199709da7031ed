/* SPDX-License-Identifier: Apache-2.0
 * Imports a table, shows the plan beside what is there, and provisions what is ready:
 *
 *   cc plan.c $(pkg-config --cflags --libs fairlead-client) -o plan
 *   ./plan TABLE PROJECT CLIENT-OPTIONS APPLY-OPTIONS
 */
#include <fairlead-client.h>
#include <stdio.h>

static void on_ended(void* context, const char* json) {
  int* count = context;
  ++*count;
  printf("ended: %s\n", json);
}

/* Prints what a call gave, and frees it. */
static int show(const char* what, fairlead_status status, char* result, char* problem) {
  if (result) printf("%s: %s\n", what, result);
  if (problem) fprintf(stderr, "%s: status %d: %s\n", what, (int)status, problem);
  fairlead_free(result);
  fairlead_free(problem);
  return status == FAIRLEAD_OK;
}

int main(int argc, char** argv) {
  fairlead_client* client = NULL;
  char *result = NULL, *problem = NULL;
  int count = 0, good;
  if (argc != 5) return 2;
  fairlead_status status = fairlead_client_open(argv[3], &client, &problem);
  if (!show("open", status, NULL, problem)) return 1;
  status = fairlead_import(client, argv[1], argv[2], &result, &problem);
  good = show("import", status, result, problem);
  if (good) {
    status = fairlead_apply(client, argv[2], argv[4], on_ended, &count, &result, &problem);
    good = show("apply", status, result, problem);
  }
  printf("%d devices ended\n", count);
  fairlead_client_close(client);
  return good ? 0 : 1;
}
