/*
 * gate_evidence.h - why a mail was treated as it was, as JSON: kept with the message, the held mail or the refusal, and
 * shown by audit and explain. Pure.
 */
#ifndef VG_GATE_EVIDENCE_H
#define VG_GATE_EVIDENCE_H

#include "gate_decide.h"

/* {"authentication":{…},"registry":{…},"thread":{…},"trace":[…],"automatic":{…},"malformed":…}. A held mail's thread
 * also says what was looked for ("ask"), so that a release can look again (gate_release.h). Owned by the caller, who frees
 * it; NULL on no memory. */
char *gate_evidence(const struct gate_case *c);
const char *sender_class_name(unsigned cls);

#endif
