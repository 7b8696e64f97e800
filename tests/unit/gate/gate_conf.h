/* The configuration of the gate's table tests, read once for a group of them. */
#ifndef GATE_CONF_H
#define GATE_CONF_H

#include "conf.h"

static struct conf *conf;

static const char conf_text[] =
    "hostname support.example\n"
    "state /tmp/none\n"
    "address intake support@support.example\n"
    "address intake vbr@support.example route vbr\n"
    "address case case@support.example\n"
    "address bounce bounce@support.example\n"
    "listen smtp 127.0.0.1:2525 tls none\n"
    "trust relay 192.0.2.0/24 authserv-id mx.support.example\n"
    "trust relay 198.51.100.7/32 as authenticated\n";

static void complain(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)arg;
	print_message("%s:%u:%u: %s\n", file, line, column, why);
}

static int read_conf(void **state)
{
	(void)state;
	return conf_parse("test", conf_text, sizeof(conf_text) - 1, &conf, complain, NULL);
}

static int drop_conf(void **state)
{
	(void)state;
	conf_free(&conf);
	return 0;
}

#endif
