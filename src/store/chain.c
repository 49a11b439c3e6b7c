/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hash of each event covers the hash before it, and of what a person gave
 * only a commitment: that can be erased, and the chain holds.
 */
#include "config.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/random.h"
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
add_bytes(struct store_chain *c, const void *s, size_t len)
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
finish(struct store_chain *c, unsigned char hash[STORE_HASH], bool ok)
{
	return ok && EVP_DigestFinal_ex(c->ctx, hash, NULL) == 1 ? 0 : -ENOMEM;
}

int
store_chain_start(struct store_chain *c, const char *id, struct store_end *end)
{
	return finish(c, end->hash,
	    begin(c) && add_str(c, "deskwire journal 2") && add_str(c, id) &&
		add_u64(c, end->seq) && add_u64(c, end->sid));
}

static const char *
customer_of(const struct ev_event *ev)
{
	return ev_names_customer(ev->kind) ? ev->who : "";
}

static const char *
operator_of(const struct ev_event *ev)
{
	return ev_names_customer(ev->kind) ? "" : ev->who;
}

static int
commit_to(struct store_chain *c, const struct ev_event *ev,
    const unsigned char salt[STORE_SALT], unsigned char out[STORE_HASH])
{
	return finish(c, out,
	    begin(c) && EVP_DigestUpdate(c->ctx, salt, STORE_SALT) == 1 &&
		add_str(c, ev->addr) && add_str(c, customer_of(ev)) &&
		add_bytes(c, ev->body, ev->len));
}

static bool
is_personal(const struct ev_event *ev)
{
	return ev->len != 0 || *ev->addr != '\0' || *customer_of(ev) != '\0';
}

int
store_chain_seal(struct store_chain *c, const struct ev_event *ev,
    struct store_seal *seal)
{
	int r;

	memset(seal, 0, sizeof *seal);
	seal->has = is_personal(ev);
	if (!seal->has)
		return 0;
	if ((r = dw_random(seal->salt, STORE_SALT)) < 0)
		return r;
	return commit_to(c, ev, seal->salt, seal->commitment);
}

int
store_chain_fits(struct store_chain *c, const struct ev_event *ev,
    const struct store_seal *seal)
{
	unsigned char fresh[STORE_HASH];
	int r;

	if (seal->erased || !seal->has)
		return seal->has || !is_personal(ev);
	if ((r = commit_to(c, ev, seal->salt, fresh)) < 0)
		return r;
	return memcmp(fresh, seal->commitment, STORE_HASH) == 0;
}

static bool
add_event(struct store_chain *c, const struct ev_event *ev,
    const struct store_seal *seal)
{
	size_t key = ev_key_is_set(&ev->key) ? EV_KEY_SIZE : 0;
	size_t commitment = seal->has ? STORE_HASH : 0;

	return add_u64(c, ev->seq) && add_u64(c, (uint64_t)ev->t_ms) &&
	    add_u64(c, ev->sid) && add_str(c, ev_word(&ev_kinds, ev->kind)) &&
	    add_u64(c, ev->n) &&
	    add_u64(c, ev->flags & ~(unsigned)EV_FLAG_ERASED) &&
	    add_str(c, ev_word(&ev_modes, ev->mode)) && add_str(c, ev->why) &&
	    add_str(c, operator_of(ev)) && add_bytes(c, ev->key.bytes, key) &&
	    add_bytes(c, seal->commitment, commitment);
}

int
store_chain_add(struct store_chain *c, struct store_end *end,
    const struct ev_event *ev, const struct store_seal *seal)
{
	int r;

	r = finish(c, end->hash,
	    begin(c) && EVP_DigestUpdate(c->ctx, end->hash, STORE_HASH) == 1 &&
		add_event(c, ev, seal));
	if (r < 0)
		return r;
	end->seq = ev->seq;
	if (ev->sid > end->sid)
		end->sid = ev->sid;
	return 0;
}
