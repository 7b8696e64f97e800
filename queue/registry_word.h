/*
 * registry_word.h - the words of the registry's enums, as they are spelled and stored. Pure.
 */
#ifndef VG_REGISTRY_WORD_H
#define VG_REGISTRY_WORD_H

#include <stddef.h>

/* Sets of words; the value of a word is that of the enum beside it. */
enum reg_words {
	WORD_KIND,       /* enum reg_kind: partner, contact, customer, direct, agent */
	WORD_STATUS,     /* enum partner_status: active, suspended, expired */
	WORD_UNLISTED,   /* enum unlisted: hold, accept, reject */
	WORD_UNVERIFIED, /* enum unverified: hold, reject */
	WORD_PROOF,      /* enum proof_need: any, dkim, signature */
	WORD_AUTOMATIC,  /* hold 0, open 1 */
	WORD_CREDENTIAL  /* enum credential_kind: password, certificate, openpgp, smime */
};

/* "" for a value without a word. */
const char *reg_word(enum reg_words set, unsigned value);
/* -1 for another word. */
int reg_word_value(enum reg_words set, const char *word);
/* "active, suspended, expired" into out. */
void reg_word_list(enum reg_words set, char *out, size_t size);

#endif
