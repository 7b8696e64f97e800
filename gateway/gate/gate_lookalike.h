/*
 * gate_lookalike.h - does a domain look like another one: letters of several scripts in one label, or a label that is wholly
 * made of letters that look Latin (homographs, UTS 39)? Flagged for people; never a ground to refuse. Pure.
 */
#ifndef VG_GATE_LOOKALIKE_H
#define VG_GATE_LOOKALIKE_H

/* domain: normal form (A-labels). NULL: it looks like itself; else "mixed-script", "latin-lookalike" or "undecodable". Static. */
const char *gate_lookalike(const char *domain);

#endif
