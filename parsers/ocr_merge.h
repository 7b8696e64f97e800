/*
 * ocr_merge.h - puts what was read in an attachment's pictures into a message object that was made before. Pure.
 */
#ifndef VG_OCR_MERGE_H
#define VG_OCR_MERGE_H

#include <jansson.h>
#include <stdbool.h>

/* result: JSON of the role ocr (ocr_job.h), not believed: what does not fit the message object shows in message_check()
 * afterwards. Adds attachments[].text and problems, errors in the order of significance (equal ones are counted), `ocr.time-limit`
 * among the problems. *changed: there was anything to add. VG_ERR_MEMORY. */
int ocr_merge(json_t *object, const char *part, const json_t *result, bool *changed);
/* No result: the attachment becomes `unreadable`, and `ocr.failed` stands among the problems. */
int ocr_merge_failure(json_t *object, const char *part);
/* After the last one: completeness anew. VG_ERR_MEMORY. */
int ocr_merge_end(json_t *object);

#endif
