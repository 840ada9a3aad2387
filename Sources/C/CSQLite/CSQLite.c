// What Swift cannot call: functions with variable arguments, and a destructor that is a number in disguise.
#include "CSQLite.h"
#include <time.h>

int mqvi_sqlite_harden(sqlite3 *connection) {
  static const struct { int option, value; } wanted[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
  };
  for (size_t index = 0; index < sizeof wanted / sizeof *wanted; index++) {
    int code = sqlite3_db_config(connection, wanted[index].option, wanted[index].value, (int *)0);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int mqvi_sqlite_bind_text(sqlite3_stmt *statement, int index, const void *bytes, size_t count) {
  return sqlite3_bind_text64(statement, index, bytes ? bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

int mqvi_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, size_t count) {
  if (count == 0) return sqlite3_bind_zeroblob(statement, index, 0);
  return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

static int note_log(void *pages, sqlite3 *connection, const char *database, int count) {
  (void)connection, (void)database;
  *(int *)pages = count;
  return SQLITE_OK;
}

void mqvi_sqlite_watch_log(sqlite3 *connection, int *pages) { sqlite3_wal_hook(connection, note_log, pages); }

int64_t mqvi_sqlite_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int is_late(void *deadline) { return mqvi_sqlite_now() > *(int64_t *)deadline; }

// 10,000 steps of SQLite's machine take well under a millisecond, and reading the clock is nothing beside them.
void mqvi_sqlite_watch_time(sqlite3 *connection, int64_t *deadline) {
  sqlite3_progress_handler(connection, 10000, is_late, deadline);
}
