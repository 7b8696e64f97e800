/* Any bytes as Authentication-Results: in bounds, and what is accepted is whole. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "err.h"
#include "gate_authres.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct authres a;
	const char *why = NULL;

	if (authres_parse(&a, (const char *)data, size, &why) != VG_OK) {
		assert(why != NULL);
		return 0;
	}
	assert(a.used <= AUTHRES_STORE && a.authserv_id != NULL);
	for (size_t i = 0; i < a.n_results; i++) {
		assert(a.results[i].method[0] != '\0' && a.results[i].result[0] != '\0');
		for (size_t k = 0; k < a.results[i].n_props; k++)
			assert(a.results[i].props[k].name != NULL && strlen(a.results[i].props[k].value) < AUTHRES_STORE);
	}
	return 0;
}
