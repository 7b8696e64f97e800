/*
 * gate_automatic.c - the strict header's fields for the one classifier of automatic mail. Runs in the gate; pure.
 */
#include "gate_automatic.h"

struct cursor {
	const struct gate_header *header;
	size_t at;
};

static bool next(void *arg, struct automatic_field *out)
{
	struct cursor *c = arg;
	const struct gate_field *f;

	if (c->at == c->header->n)
		return false;
	f = &c->header->fields[c->at++];
	*out = (struct automatic_field){f->name, f->value, f->name_len, f->value_len};
	return true;
}

void automatic_decide(struct automatic_result *out, const struct automatic_facts *f)
{
	struct cursor c = {.header = f->header};
	struct automatic_input in = {
	    .next = next, .cursor = &c, .subject = f->subject, .sender = f->sender, .null_path = f->null_path, .loop = f->loop,
	};

	automatic_classify(out, &in);
}
