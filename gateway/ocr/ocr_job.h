/*
 * ocr_job.h - one attachment read: a picture, or the pictures inside a document, taken out of the mail and recognised.
 */
#ifndef VG_OCR_JOB_H
#define VG_OCR_JOB_H

#include "ipc_messages.h"
#include "message.h"
#include "ocr_engine.h"

#define OCR_ATTACHMENT_MAX (64u << 20) /* bytes of the attachment */
#define OCR_PICTURES_MAX 20u           /* of one document */

/* Appends the result as JSON: `text` and `errors` (CONTRACT's attachments[].text and errors[]), `problems` (CONTRACT's words),
 * `cut` where the time was over, `skipped` (ocr_choice_name) where it is not worth reading. Damaged pictures are results, too;
 * an error is only what reading the mail gives: VG_ERR_NOTFOUND (no such attachment), VG_ERR_CRYPTO, VG_ERR_SYSTEM,
 * VG_ERR_MEMORY. */
int ocr_job(struct ocr_engine *e, const struct ocr_limits *limits, const struct parse_source *src, const struct parse_job *job,
    struct buf *json);

#endif
