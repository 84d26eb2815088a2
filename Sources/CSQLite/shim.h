#pragma once
#include <sqlite3.h>

// Macros and variadic functions that Swift cannot import.
static inline sqlite3_destructor_type csqlite_transient(void) { return SQLITE_TRANSIENT; }
static inline int csqlite_ioerr_shmsize(void) { return SQLITE_IOERR_SHMSIZE; }
static inline sqlite3_destructor_type csqlite_static(void) { return SQLITE_STATIC; }
