#pragma once
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/// Makes a connection distrust the file: no functions with side effects from its schema, no writing to the schema's or a
/// full-text index's own tables by SQL, no "strings" in double quotes. An SQLite result code.
int mqvi_sqlite_harden(sqlite3 *connection);
/// Binds a copy of UTF-8 text; no bytes are the empty text, not NULL.
int mqvi_sqlite_bind_text(sqlite3_stmt *statement, int index, const void *bytes, size_t count);
/// Binds a copy of bytes; none are the empty blob, not NULL.
int mqvi_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, size_t count);
/// Has the number of pages in the write-ahead log written to `pages` after every commit of this connection, and turns
/// SQLite's own checkpoints off.
void mqvi_sqlite_watch_log(sqlite3 *connection, int *pages);
/// Ends statements of this connection with SQLITE_INTERRUPT once CLOCK_MONOTONIC has passed `*deadline` nanoseconds.
void mqvi_sqlite_watch_time(sqlite3 *connection, int64_t *deadline);
/// CLOCK_MONOTONIC in nanoseconds.
int64_t mqvi_sqlite_now(void);
