/*
 * login_limit.h - how often something may be tried: token buckets in a table of fixed size, so that no number of names that
 * strangers make up takes more memory. Where it is crowded, the bucket that is nearest to full is forgotten. Pure but for a
 * random hash key.
 */
#ifndef VG_LOGIN_LIMIT_H
#define VG_LOGIN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct login_limit;

/* Buckets of `burst` tokens, one more every `every_ms`. NULL on no memory. */
struct login_limit *login_limit_new(unsigned burst, int64_t every_ms);
void login_limit_free(struct login_limit **l);

/* Takes a token of the bucket `name` at now_ms (monotonic); false where there is none. *first: the bucket was full. */
bool login_limit_take(struct login_limit *l, const char *name, int64_t now_ms, bool *first);
/* Gives one back. */
void login_limit_return(struct login_limit *l, const char *name);

#endif
