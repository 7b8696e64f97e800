/*
 * route.h - which queue of L2 a ticket goes to (POLICY P3). Pure.
 */
#ifndef VG_ROUTE_H
#define VG_ROUTE_H

#include <stdbool.h>

#include "registry.h"

/* The intake address's route, else the message's product if it is in the partner's portfolio, else the partner's only
 * product, else "default"; a direct holder's is "direct". product: as the message names it, NULL: not at all. partner
 * NULL: a direct holder. *outside: the product named is not in the portfolio. The result is borrowed. */
const char *route_choose(const char *intake, const char *product, const struct registry_partner *partner, bool *outside);

#endif
