/* SPDX-License-Identifier: Apache-2.0
 *
 * Fairlead's engineering tool as a library for other tools: look for devices, hold a plan against
 * them, provision them.
 *
 * Texts are UTF-8. Options and results are JSON objects; members that are not known are refused.
 *
 * Ownership: the caller owns what a function gives by a char **, and frees it with fairlead_free().
 * What a function takes it copies. Texts that a callback gets are gone when it returns.
 *
 * Threads: every function blocks until it is done. One client is for one call at a time, on any
 * thread, but for fairlead_client_stop(), which may be called at any time from any thread or signal
 * handler. Several clients may work at once; two can't apply the same project. A callback runs on
 * a thread of the library, one call at a time per client, and must not call into its client, but
 * for fairlead_client_stop().
 *
 * Errors: any status but FAIRLEAD_OK comes with a problem {"message", "advice"} if `problem` is not
 * NULL. No function throws, ends the program, or prints.
 */
#ifndef FAIRLEAD_CLIENT_H
#define FAIRLEAD_CLIENT_H

#if defined(__GNUC__)
#define FAIRLEAD_API __attribute__((visibility("default")))
#else
#define FAIRLEAD_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fairlead_client fairlead_client;

typedef enum fairlead_status {
  FAIRLEAD_OK = 0,
  FAIRLEAD_FAILED = 1,      /* a file, a table, the device or the server said no, in words */
  FAIRLEAD_USAGE = 2,       /* an argument or an option */
  FAIRLEAD_NOT_ALLOWED = 3, /* no valid token, or no right */
  FAIRLEAD_NOT_FOUND = 4,
  FAIRLEAD_CONFLICT = 5,
  FAIRLEAD_UNREACHABLE = 6,    /* no answer, or a server that is not to be trusted */
  FAIRLEAD_PARTLY_REFUSED = 7, /* some of many; the result tells which */
  FAIRLEAD_BUSY = 8            /* somebody else is at it; again later */
} fairlead_status;

/* A line of JSON, as it comes. */
typedef void (*fairlead_line)(void* context, const char* json);

FAIRLEAD_API const char* fairlead_version(void); /* static */

/* options: {"server": "https://box:8041", "token": "fl_...", "ca_file": "ca.pem",
 *           "plain_http": false}; all may be left out, and NULL is {}. Without a server only
 * fairlead_apply() is refused. Nothing is connected yet. */
FAIRLEAD_API fairlead_status fairlead_client_open(const char* options, fairlead_client** client,
                                                  char** problem);
/* NULL is fine. Not while a call is under way. */
FAIRLEAD_API void fairlead_client_close(fairlead_client* client);
/* The call under way comes to its end soon, with what it has; an apply begins no further device.
 * The next call is not concerned. */
FAIRLEAD_API void fairlead_client_stop(fairlead_client* client);

/* options of looking around: {"announcements": true, "interfaces": ["eth0"],
 *   "addresses": ["10.77.0.5:8080"], "ranges": "10.77.0.0/24:8080", "seconds": 3}; NULL is {}.
 * seen: NULL, or called with each sighting. result: {"devices": [...]} as `fairlead --json scan`
 * prints them. */
FAIRLEAD_API fairlead_status fairlead_scan(fairlead_client* client, const char* options,
                                           fairlead_line seen, void* context, char** result,
                                           char** problem);

/* Takes a table (.xlsx, or CSV) over into a project, which is made if it is missing.
 * result: {"added", "changed", "unchanged", "removed"}; when the table is refused,
 * {"complaints": ["row 3, column B (Serial): ..."]}, and the project is as it was. */
FAIRLEAD_API fairlead_status fairlead_import(fairlead_client* client, const char* table,
                                             const char* project, char** result, char** problem);

/* Looks around and holds the plan against what is seen. result: {"lines": [...]} as
 * `fairlead --json plan compare` prints them. Nothing is changed. */
FAIRLEAD_API fairlead_status fairlead_compare(fairlead_client* client, const char* project,
                                              const char* options, char** result, char** problem);

/* Looks around, compares, and provisions what is ready. options: those of looking around, and
 * {"account": "acme", "at_once": 8, "button": false}. ended: NULL, or called with the result of
 * each device. result: {"done", "waiting", "failed", "left"}. Go on after an interruption by
 * calling it again. */
FAIRLEAD_API fairlead_status fairlead_apply(fairlead_client* client, const char* project,
                                            const char* options, fairlead_line ended, void* context,
                                            char** result, char** problem);

/* Which upstreams a device sees, and the choice among them. options: {"address":
 *   "http://10.77.0.5:8080", "code": "...", "button": false}, and one of {"choose": "3fa94c10"} (by
 *   eight or more digits of its key, or its URI), {"give": "https://10.77.0.2:8040", "key": ""}
 *   (seen or not), {"forget": true}. Without these nothing is changed. result: {"upstreams": [...]}
 *   as `fairlead --json upstreams` prints them, after the choice. */
FAIRLEAD_API fairlead_status fairlead_upstreams(fairlead_client* client, const char* options,
                                                char** result, char** problem);

/* NULL is fine. */
FAIRLEAD_API void fairlead_free(char* text);

#ifdef __cplusplus
}
#endif

#endif
