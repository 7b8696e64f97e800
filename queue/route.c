/*
 * route.c - the rule P3 as a pure function. Called when a ticket's first message is applied.
 */
#include "route.h"

#include <stddef.h>
#include <strings.h>

#include "products.h"

static const char *
in_portfolio(const struct registry_partner *p, const char *product)
{
	for (unsigned i = 0; product != NULL && i < p->n_products; i++)
		if (strcasecmp(p->products[i], product) == 0)
			return p->products[i];
	return NULL;
}

const char *
route_choose(const char *intake, const char *product, const struct registry_partner *partner, bool *outside)
{
	const char *id = product != NULL && *product != '\0' ? product_id(product) : NULL, *own = NULL;

	*outside = false;
	/* A portfolio may name what our table does not know: then the words must be the same. */
	if (partner != NULL && product != NULL && *product != '\0') {
		own = in_portfolio(partner, id != NULL ? id : product);
		*outside = own == NULL && partner->n_products > 0;
	}
	if (intake != NULL && *intake != '\0')
		return intake;
	if (partner == NULL)
		return "direct";
	if (own != NULL)
		return own;
	return partner->n_products == 1 ? partner->products[0] : "default";
}
