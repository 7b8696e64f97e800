/*
 * task.h - work that the queue's main thread gives to its other threads, and how it comes back: run() in that thread,
 * done() in the loop's thread. Threads: writer.h, and small pools for reading, the registry and fsync.
 */
#ifndef VG_TASK_H
#define VG_TASK_H

#include "evloop.h"

struct task;
typedef void task_cb(struct task *t, void *thread_arg);

/* Stands first in the caller's object, which must live until done() was called. */
struct task {
	struct task *next;
	task_cb *run;
	void (*done)(struct task *t);
	int err; /* run's result, for done */
};

/* A list that is filled at one end. */
struct task_list {
	struct task *head, **tail;
};
void task_list_init(struct task_list *l);
void task_list_add(struct task_list *l, struct task *t);
/* NULL when empty. */
struct task *task_list_take(struct task_list *l);

/* Brings finished tasks back to the loop (it takes the loop's wake callback). NULL on no memory. */
struct task_home;
struct task_home *task_home_new(struct evloop *loop);
void task_home_free(struct task_home **h);
/* From any thread: done() of all of them will be called in the loop, in order. Empties the list. */
void task_home_post(struct task_home *h, struct task_list *l);

/* n threads that take tasks first come first served; args[i] is passed to run() in thread i. */
struct task_pool;
struct task_pool *task_pool_new(struct task_home *h, unsigned n, void *const *args);
void task_pool_add(struct task_pool *p, struct task *t);
/* Waits for what is under way; tasks not begun are left out: their done() is called with VG_ERR_CLOSED. */
void task_pool_free(struct task_pool **p);

#endif
