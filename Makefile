# One non-recursive make. Everything that is built stands under $(B).
#
#   make            build/vcspgated and build/vcspgate
#   make demo       install what is missing, build, show one mail's way, stop
#   make run        the same gateway, left in the foreground
#   make check      install what is missing, build, run every test
#   make bench fuzz lint install clean
#
# CC=clang, SANITIZE=1 (ASan and UBSan), DEBUG=1 (names denied system calls), B=other/folder.

B ?= build
# V=1 shows the commands.
Q = $(if $(V),,@)
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
PYTHON ?= /usr/bin/python3

LIBS_PKG = gmime-3.0 gpgme libgsf-1 sqlite3 libsodium gnutls libarchive jansson libmicrohttpd libcurl libseccomp libpsl libidn2 libcares
PKG_CFLAGS := $(shell pkg-config --cflags $(LIBS_PKG) 2>/dev/null | sed 's/-I\//-isystem \//g')
PKG_LIBS := $(shell pkg-config --libs $(LIBS_PKG) 2>/dev/null)

WARN = -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
	-Wsign-compare -Wimplicit-fallthrough -Wundef -Wvla -Wwrite-strings $(WERROR)
HARDEN = -fstack-protector-strong -fPIE
LDHARDEN = -pie -Wl,-z,relro,-z,now,-z,noexecstack
OPT ?= -O2
ifeq ($(SANITIZE),1)
SAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -DVG_SANITIZE
OPT = -O1
DEBUG = 1
else
HARDEN += -D_FORTIFY_SOURCE=2
endif
ifeq ($(DEBUG),1)
DEBUGFLAGS = -DVG_DEBUG
endif

INC = -Iconf -Igateway/common -Igateway/master -Igateway/smtp -Igateway/gate -Igateway/proof -Igateway/verify -Igateway/deliver -Igateway/net -Igateway/imap -Igateway/parser -Igateway/ocr -Igateway/api \
	-Igateway/ctl -Iparsers -Iqueue -I$(B)/gen
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE $(OPT) -g $(WARN) $(HARDEN) $(SAN) $(DEBUGFLAGS) $(INC) $(PKG_CFLAGS) $(CFLAGS)
# libetpan.pc names the libraries behind it and specs that forbid -pie.
LDLIBS = $(PKG_LIBS) -Wl,--as-needed -letpan -Wl,--no-as-needed -lmagic -lpthread $(LDFLAGS)

# One archive per folder, so that a unit test links only what its subject may know.
MODULES = common conf master smtp gate proof verify deliver net imap parser ocr api ctl parsers queue
dir_common = gateway/common
dir_conf = conf
dir_master = gateway/master
dir_smtp = gateway/smtp
dir_gate = gateway/gate
dir_proof = gateway/proof
dir_verify = gateway/verify
dir_deliver = gateway/deliver
dir_net = gateway/net
dir_imap = gateway/imap
dir_parser = gateway/parser
dir_ocr = gateway/ocr
dir_api = gateway/api
dir_ctl = gateway/ctl
dir_parsers = parsers
dir_queue = queue

MAINS = gateway/master/main.c gateway/ctl/vcspgate.c
obj = $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))

.PHONY: all check check-unit check-e2e demo run bench fuzz lint lint-manual install clean packages
all: $(B)/vcspgated $(B)/vcspgate

define module
$(B)/lib$(1).a: $$(call obj,$$(dir_$(1)))
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call module,$(m))))

# Text files that become part of the programs: schema, defaults, JSON schemas.
$(B)/gen/%.inc: %
	@mkdir -p $(@D)
	$(Q)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@

# The table of products as rows of C; what is neither a row nor a comment would be lost, so a test counts them.
$(B)/gen/conf/products.table.inc: conf/products.table
	@mkdir -p $(@D)
	$(Q)sed -nE -e 's/^product (form|program) ([a-z0-9]+) (".*")$$/\1("\2", \3)/;s/^product build ([a-z0-9]+) ([0-9.]+) (".*")$$/build("\1", "\2", \3)/' \
		-e 's/^product ([a-z0-9]+) (".*")$$/product("\1", \2)/;s/^(form|program|build|product)\(/\U\1(/p' $< > $@

$(B)/obj/parsers/products.o $(B)/obj/conf/conf_products.o: $(B)/gen/conf/products.table.inc

# Generated before any object of the folder that includes them; afterwards the .d files know the exact edges.
$(call obj,queue): | $(patsubst %,$(B)/gen/%.inc,$(wildcard queue/schema/*.sql))

$(call obj,gateway/deliver): | $(patsubst %,$(B)/gen/%.inc,$(wildcard conf/templates/*.txt conf/templates/*/*.txt))

$(B)/obj/gateway/api/api_request.o: $(B)/gen/conf/schema/openapi.json.inc

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Which archives a module stands on, for linking tests: itself first.
deps_common = common conf
deps_conf = conf common
deps_master = master deliver net gate proof parsers conf common
deps_smtp = smtp conf common
deps_gate = gate proof parsers conf common
deps_proof = proof gate parsers conf common
deps_verify = verify gate proof parsers conf common
deps_deliver = deliver net gate proof parsers conf common
deps_net = net gate proof parsers conf common
deps_imap = imap net gate proof parsers conf common
deps_parser = parser parsers conf common
deps_parsers = parsers common
deps_ocr = ocr parser parsers conf common
deps_api = api conf common
deps_ctl = ctl parsers conf common
deps_queue = queue gate proof parsers conf common
libs_of = $(foreach m,$(deps_$(1)),$(B)/lib$(m).a)
group = -Wl,--start-group $(1) -Wl,--end-group

ROLE_LIBS = $(foreach m,master smtp gate proof verify deliver net imap parser ocr api queue parsers conf common,$(B)/lib$(m).a)
$(B)/vcspgated: $(B)/obj/gateway/master/main.o $(ROLE_LIBS)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(LDHARDEN) -o $@ $< $(call group,$(ROLE_LIBS)) $(LDLIBS)
$(B)/vcspgate: $(B)/obj/gateway/ctl/vcspgate.o $(call libs_of,ctl)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(LDHARDEN) -o $@ $< $(call group,$(call libs_of,ctl)) $(LDLIBS)

# tests/unit/MODULE/test_X.c: cmocka, linked with what MODULE stands on.
# tests/unit/MODULE/fuzz_X.c: harness, its corpus beside it in fuzz_X.corpus/.
TESTS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/test_*.c))
FUZZERS = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/fuzz_*.c))
# tests/unit/MODULE/oracle_X.c: says what we think of an input; tests/e2e/test_X_oracle.py asks others.
ORACLES = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/oracle_*.c))
module_of = $(firstword $(subst /, ,$(1)))

.SECONDEXPANSION:
$(B)/unit/%: tests/unit/%.c $$(call libs_of,$$(call module_of,$$*))
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CFLAGS_ALL) -Itests/unit -MMD -MP -MF $@.d -o $@ $< \
		$(if $(findstring /fuzz_,/$*),tests/unit/fuzz_replay.c) \
		$(call group,$(call libs_of,$(call module_of,$*))) -lcmocka $(LDLIBS)

# tests/bench/bench_X.c: prints figures of one module of the queue, or of a worker.
BENCH_LIBS = $(B)/libocr.a $(call libs_of,queue)
$(B)/bench/%: tests/bench/%.c $(BENCH_LIBS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -MF $@.d -o $@ $< $(call group,$(BENCH_LIBS)) $(LDLIBS)

check-unit: $(TESTS) $(FUZZERS)
	@tests/run-unit $(B) $(TESTS) -- $(FUZZERS)

# libarchive asks for as much memory as a 7z header claims; what it does not touch costs nothing, and the parser has RLIMIT_AS.
# Every harness under libFuzzer with ASan and UBSan, FUZZ_SECONDS each: programs, inputs found and crashes stand in
# $(B)/fuzz/MODULE/. A crash becomes a seed beside its harness, which `make check` replays.
FUZZ_SECONDS ?= 60
FUZZ_ONLY ?= *
FUZZ_SAN = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ_BIN = $(patsubst tests/unit/%.c,$(FUZZ_DIR)/%,$(wildcard tests/unit/*/fuzz_$(FUZZ_ONLY).c))

fuzz:
	$(MAKE) CC=clang SANITIZE=1 SAN='$(FUZZ_SAN) -DVG_SANITIZE' B=$(B)/fuzz/objects FUZZ_DIR=$(B)/fuzz fuzz-run

ifdef FUZZ_DIR
.PHONY: fuzz-run
$(FUZZ_BIN): $(FUZZ_DIR)/%: tests/unit/%.c $$(call libs_of,$$(call module_of,$$*))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -fsanitize=fuzzer -Itests/unit -o $@ $< $(call group,$(call libs_of,$(call module_of,$*))) $(LDLIBS)

fuzz-run: $(FUZZ_BIN)
	@set -e; for f in $(FUZZ_BIN); do \
		seeds=tests/unit/$${f#$(FUZZ_DIR)/}; mkdir -p $$f.found; echo "fuzz: $$seeds"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=16384 -print_final_stats=1 \
			-artifact_prefix=$$f. $$(test -f $$seeds.dict && echo -dict=$$seeds.dict) \
			$$f.found $$seeds.corpus >$$f.log 2>&1 || { tail -50 $$f.log; exit 1; }; \
		grep -E 'number_of_executed_units|peak_rss' $$f.log; \
	done
endif

check-e2e: all $(ORACLES)
	VCSPGATE_BUILD=$(abspath $(B)) $(PYTHON) -m pytest -q -p no:cacheprovider $(E2E)

packages:
	conf/install-packages

# Sub-makes, so that pkg-config is asked only once the packages are there.
check: packages
	$(MAKE) all
	$(MAKE) check-unit lint-manual
	$(MAKE) check-e2e

demo: packages
	$(MAKE) all
	VCSPGATE_BUILD=$(abspath $(B)) $(PYTHON) tests/demo.py

run: packages
	$(MAKE) all
	VCSPGATE_BUILD=$(abspath $(B)) $(PYTHON) tests/demo.py --run

bench: packages
	$(MAKE) all $(B)/bench/bench_archive $(B)/bench/bench_log $(B)/bench/bench_ocr
	$(B)/bench/bench_log
	$(B)/bench/bench_archive
	$(B)/bench/bench_ocr
	VCSPGATE_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/bench.py
	VCSPGATE_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/bench_sender.py
	VCSPGATE_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/bench_imap.py
	$(MAKE) $(B)/bench/bench_parse
	VCSPGATE_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/bench_parse.py
	VCSPGATE_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/bench_deliver.py

lint-manual:
	@mandoc -Tlint -Wwarning $(MANUALS) && echo "manual pages: clean"

MANUALS = gateway/vcspgated.8 gateway/ctl/vcspgate.1 conf/vcspgate.conf.5
E2E ?= tests/e2e

# What a reviewer would measure: warnings are errors with both compilers, lengths, unbounded calls, clang-tidy.
lint: packages lint-manual
	$(MAKE) B=$(B)/lint-gcc CC=gcc WERROR=-Werror all
	$(MAKE) B=$(B)/lint-clang CC=clang WERROR=-Werror all
	tests/lint

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/vcspgate/schema $(DESTDIR)$(SYSCONFDIR)/vcspgate
	install -d $(DESTDIR)$(PREFIX)/share/vcspgate/templates
	install -m 644 conf/templates/*.txt $(DESTDIR)$(PREFIX)/share/vcspgate/templates/
	for l in $(notdir $(patsubst %/,%,$(wildcard conf/templates/*/))); do \
		install -d $(DESTDIR)$(PREFIX)/share/vcspgate/templates/$$l && \
		install -m 644 conf/templates/$$l/*.txt $(DESTDIR)$(PREFIX)/share/vcspgate/templates/$$l/ || exit 1; done
	install -m 755 $(B)/vcspgated $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(B)/vcspgate $(DESTDIR)$(PREFIX)/bin/
	install -m 644 gateway/ctl/vcspgate.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 conf/vcspgate.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 gateway/vcspgated.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -m 644 conf/products.table $(DESTDIR)$(PREFIX)/share/vcspgate/
	install -m 644 conf/schema/*.json $(DESTDIR)$(PREFIX)/share/vcspgate/schema/
	test -e $(DESTDIR)$(SYSCONFDIR)/vcspgate/vcspgate.conf || \
		install -m 644 conf/vcspgate.conf $(DESTDIR)$(SYSCONFDIR)/vcspgate/vcspgate.conf

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
