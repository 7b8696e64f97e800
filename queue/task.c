/*
 * task.c - hands work to threads and results back to the loop. Queue process only; no trust boundary inside.
 */
#include "task.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "err.h"

void
task_list_init(struct task_list *l)
{
	l->head = NULL;
	l->tail = &l->head;
}

void
task_list_add(struct task_list *l, struct task *t)
{
	t->next = NULL;
	*l->tail = t;
	l->tail = &t->next;
}

struct task *
task_list_take(struct task_list *l)
{
	struct task *t = l->head;

	if (t != NULL && (l->head = t->next) == NULL)
		l->tail = &l->head;
	return t;
}

/* ---- coming home ---- */

struct task_home {
	struct evloop *loop;
	pthread_mutex_t lock;
	struct task_list finished;
};

static void
come_home(void *arg)
{
	struct task_home *h = arg;
	struct task *t, *next;

	pthread_mutex_lock(&h->lock);
	t = h->finished.head;
	task_list_init(&h->finished);
	pthread_mutex_unlock(&h->lock);
	for (; t != NULL; t = next) {
		next = t->next;
		t->done(t);
	}
}

struct task_home *
task_home_new(struct evloop *loop)
{
	struct task_home *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->loop = loop;
	pthread_mutex_init(&h->lock, NULL);
	task_list_init(&h->finished);
	if (ev_wake_set(loop, come_home, h) != VG_OK)
		task_home_free(&h);
	return h;
}

void
task_home_free(struct task_home **h)
{
	if (*h == NULL)
		return;
	come_home(*h);
	pthread_mutex_destroy(&(*h)->lock);
	free(*h);
	*h = NULL;
}

void
task_home_post(struct task_home *h, struct task_list *l)
{
	if (l->head == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	*h->finished.tail = l->head;
	h->finished.tail = l->tail;
	pthread_mutex_unlock(&h->lock);
	task_list_init(l);
	evloop_wake(h->loop);
}

/* ---- pools ---- */

struct pool_thread {
	struct task_pool *pool;
	pthread_t id;
	void *arg;
};

struct task_pool {
	struct task_home *home;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct task_list waiting;
	bool stop;
	unsigned n;
	struct pool_thread threads[];
};

static void
post_one(struct task_home *h, struct task *t)
{
	struct task_list one;

	task_list_init(&one);
	task_list_add(&one, t);
	task_home_post(h, &one);
}

static void *
pool_main(void *arg)
{
	struct pool_thread *self = arg;
	struct task_pool *p = self->pool;
	struct task *t;

	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		if ((t = task_list_take(&p->waiting)) == NULL) {
			pthread_cond_wait(&p->work, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		t->run(t, self->arg);
		post_one(p->home, t);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct task_pool *
task_pool_new(struct task_home *h, unsigned n, void *const *args)
{
	struct task_pool *p = calloc(1, sizeof(*p) + n * sizeof(p->threads[0]));

	if (p == NULL)
		return NULL;
	p->home = h;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	task_list_init(&p->waiting);
	for (; p->n < n; p->n++) {
		struct pool_thread *t = &p->threads[p->n];

		t->pool = p;
		t->arg = args != NULL ? args[p->n] : NULL;
		if (pthread_create(&t->id, NULL, pool_main, t) != 0) {
			task_pool_free(&p);
			return NULL;
		}
	}
	return p;
}

void
task_pool_add(struct task_pool *p, struct task *t)
{
	pthread_mutex_lock(&p->lock);
	task_list_add(&p->waiting, t);
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

void
task_pool_free(struct task_pool **p)
{
	struct task *t;

	if (*p == NULL)
		return;
	pthread_mutex_lock(&(*p)->lock);
	(*p)->stop = true;
	pthread_cond_broadcast(&(*p)->work);
	pthread_mutex_unlock(&(*p)->lock);
	for (unsigned i = 0; i < (*p)->n; i++)
		pthread_join((*p)->threads[i].id, NULL);
	while ((t = task_list_take(&(*p)->waiting)) != NULL) {
		t->err = VG_ERR_CLOSED;
		post_one((*p)->home, t);
	}
	pthread_cond_destroy(&(*p)->work);
	pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}
