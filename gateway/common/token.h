/*
 * token.h - signed tags in our addresses and Message-IDs: keyed BLAKE2b over purpose, ticket (or outgoing mail) and
 * participant (or message), with key id; case-insensitive base 32. Pure.
 */
#ifndef VG_TOKEN_H
#define VG_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_purpose { TOKEN_CASE = 1, TOKEN_BOUNCE = 2, TOKEN_LOOP = 3, TOKEN_MESSAGE = 4 };

#define TOKEN_KEY 32
#define TOKEN_MAX 64
#define TOKEN_KEYS_MAX 8
#define TOKEN_MESSAGE_ID_MAX 320

/* The first mints, all verify: so tags outlive a rotation until their key is dropped. n 0: nothing is valid. */
struct token_keys {
	unsigned char key[TOKEN_KEYS_MAX][TOKEN_KEY];
	size_t n;
};

struct token {
	enum token_purpose purpose;
	uint64_t number;      /* ticket, or outgoing mail */
	uint64_t participant; /* 0 where none; TOKEN_MESSAGE: number of the message */
};

/* The ring that SECRET_TOKEN_KEY carries: n times 32 bytes. False, and unchanged, for anything else. */
bool token_keys_read(struct token_keys *keys, const unsigned char *data, size_t len);

/* Text behind '+': "1234.TAG" for a case, "TAG" alone for the others. VG_ERR_LIMIT for numbers that have no tag,
 * VG_ERR_DENIED without a key. */
int token_mint(char out[TOKEN_MAX + 1], const struct token *t, const struct token_keys *keys);
/* Checks an extension in constant time; VG_ERR_SYNTAX (no tag at all), VG_ERR_DENIED (forged or altered). */
int token_check(struct token *out, enum token_purpose purpose, const char *ext, const struct token_keys *keys);

/* A Message-ID of ours, without <>: "vg.TAG@hostname" in lower case. VG_ERR_LIMIT, VG_ERR_DENIED as above. */
int token_message_id(char out[TOKEN_MESSAGE_ID_MAX + 1], uint64_t ticket, uint64_t message, const char *hostname,
    const struct token_keys *keys);
/* Is id (len bytes, without <>) one of ours, letter case aside? VG_ERR_SYNTAX: not of our form. VG_ERR_DENIED: of our
 * form, and nobody here wrote it. VG_OK says who minted it, not that it was sent: the store knows that. */
int token_message_check(struct token *out, const char *id, size_t len, const char *hostname, const struct token_keys *keys);

#endif
