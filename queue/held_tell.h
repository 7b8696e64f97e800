/*
 * held_tell.h - who is told that a contact's mail is held: agents, and where it is configured the contact. Neither reads anything
 * of the mail itself, since anybody may have written it. Writer thread.
 */
#ifndef VG_HELD_TELL_H
#define VG_HELD_TELL_H

#include "queue.h"

/* Mail that names a contact or a direct holder as its sender and that no program says it wrote: its clock runs (V12). Pure. */
bool held_alarms(const struct store_message *m);
/* Only V12, whose sender may be the contact without knowing what became of the mail. Pure. */
bool held_wants_notice(const struct store_message *m);
/* Queues the alarm for the agents of the mail's route (notify agents), at most one an hour for a sender, and with `hold notice on`
 * the notice to the registered address, at most one a day. Nothing without a smarthost. */
int held_tell(struct writer_env *env, const struct conf *conf, const struct store_message *m, int64_t now);

#endif
