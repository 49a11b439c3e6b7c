/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hash of each event covers the hash before it.
 */
#include "config.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "store/internal.h"

/* Without memory for its own beginning libcrypto would go on and crash. */
static bool
has_begun(void)
{
	return OPENSSL_init_crypto(0, NULL) == 1 &&
	    OSSL_LIB_CTX_get0_global_default() != NULL;
}

int
store_chain_init(struct store_chain *c)
{
	if (!has_begun())
		return -ENOMEM;
	c->ctx = EVP_MD_CTX_new();
	c->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (c->ctx == NULL || c->md == NULL)
		return -ENOMEM;
	return 0;
}

void
store_chain_fini(struct store_chain *c)
{
	EVP_MD_CTX_free(c->ctx);
	EVP_MD_free(c->md);
	c->ctx = NULL;
	c->md = NULL;
}

static bool
add_u64(struct store_chain *c, uint64_t v)
{
	unsigned char be[8];

	for (int i = 8; i-- > 0; v >>= 8)
		be[i] = (unsigned char)v;
	return EVP_DigestUpdate(c->ctx, be, sizeof be) == 1;
}

/* The length goes first, so that no two rows of fields look the same. */
static bool
add_bytes(struct store_chain *c, const char *s, size_t len)
{
	return add_u64(c, len) && EVP_DigestUpdate(c->ctx, s, len) == 1;
}

static bool
add_str(struct store_chain *c, const char *s)
{
	return add_bytes(c, s, strlen(s));
}

static bool
begin(struct store_chain *c)
{
	return EVP_DigestInit_ex2(c->ctx, c->md, NULL) == 1;
}

/* A failed step of the digest can only be a lack of memory. */
static int
finish(struct store_chain *c, struct store_end *end, bool ok)
{
	if (!ok || EVP_DigestFinal_ex(c->ctx, end->hash, NULL) != 1)
		return -ENOMEM;
	return 0;
}

int
store_chain_start(struct store_chain *c, const char *id, struct store_end *end)
{
	return finish(c, end,
	    begin(c) && add_str(c, "deskwire journal 1") && add_str(c, id) &&
		add_u64(c, end->seq) && add_u64(c, end->sid));
}

static bool
add_event(struct store_chain *c, const struct ev_event *ev)
{
	return add_u64(c, ev->seq) && add_u64(c, (uint64_t)ev->t_ms) &&
	    add_u64(c, ev->sid) && add_str(c, ev_word(&ev_kinds, ev->kind)) &&
	    add_u64(c, ev->n) && add_u64(c, ev->flags) && add_str(c, ev->who) &&
	    add_str(c, ev_word(&ev_modes, ev->mode)) && add_str(c, ev->addr) &&
	    add_str(c, ev->why) && add_bytes(c, ev->body, ev->len);
}

int
store_chain_add(struct store_chain *c, struct store_end *end,
    const struct ev_event *ev)
{
	int r;

	r = finish(c, end,
	    begin(c) && EVP_DigestUpdate(c->ctx, end->hash, STORE_HASH) == 1 &&
		add_event(c, ev));
	if (r < 0)
		return r;
	end->seq = ev->seq;
	if (ev->sid > end->sid)
		end->sid = ev->sid;
	return 0;
}
