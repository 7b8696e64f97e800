/*
 * token.h - signed tags in our addresses: keyed BLAKE2b over purpose, ticket (or outgoing mail) and participant,
 * with key id; case-insensitive base 32. Pure.
 */
#ifndef VG_TOKEN_H
#define VG_TOKEN_H

#include <stddef.h>
#include <stdint.h>

enum token_purpose { TOKEN_CASE = 1, TOKEN_BOUNCE = 2, TOKEN_LOOP = 3 };

#define TOKEN_KEY 32
#define TOKEN_MAX 64

struct token {
	enum token_purpose purpose;
	uint64_t number;      /* ticket, or outgoing mail */
	uint64_t participant; /* 0 where none */
};

/* Text behind '+': "1234.TAG" for a case, "TAG" alone for a bounce. */
int token_mint(char out[TOKEN_MAX + 1], const struct token *t, const unsigned char key[TOKEN_KEY]);
/* Checks an extension in constant time; VG_ERR_SYNTAX (no tag at all), VG_ERR_DENIED (forged or altered). */
int token_check(struct token *out, enum token_purpose purpose, const char *ext, const unsigned char key[TOKEN_KEY]);

#endif
