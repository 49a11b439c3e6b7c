/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what operators are called. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "service/identity.h"
#include "t.h"

/* A user who is neither the desk's own nor root. */
static struct svc_identity
user(uid_t uid, const char *login)
{
	struct svc_identity id = { .uid = uid, .role = EV_ROLE_OPERATOR };

	snprintf(id.login, sizeof id.login, "%s", login);
	return id;
}

static bool
may_be(struct svc_identity *id, const struct svc_people *people,
    const char *asked)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	bool may = svc_identity_name(id, people, asked, &why);

	CHECK_INT(why.len == 0, may);
	dw_buf_fini(&why);
	return may;
}

static void
two_users_are_two_persons_however_long_their_names_are(void)
{
	struct svc_identity one = user(70001, "support-operator-number-one"),
			    two = user(70002, "support-operator-number-two"),
			    ann = user(70003, "ann"),
			    dom = user(70004, "DOM\\ann");

	CHECK(may_be(&one, NULL, "") && may_be(&two, NULL, ""));
	CHECK_STR(one.who, "support-operator-n-70001");
	CHECK_STR(two.who, "support-operator-n-70002");
	CHECK(may_be(&ann, NULL, "") && may_be(&dom, NULL, ""));
	CHECK_STR(ann.who, "ann");
	CHECK_STR(dom.who, "DOM_ann-70004");
}

/* Also where the difference is in letters that ASCII does not have. */
static void
a_name_that_looks_like_one_of_a_row_is_refused(void)
{
	struct svc_user rows[] = { { (char *)"sue", (char *)"J\u00fcrgen",
	    EV_ROLE_OPERATOR, false } };
	struct svc_people people = { .users = rows, .nusers = 1 };
	static const char *const names[] = { "SUE", "J\u00fcrgen",
		"J\u00dcRGEN", "Ju\u0308rgen" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct svc_identity id = user(70001, "no-such-user-bob");

		CHECK(!may_be(&id, &people, names[i]));
	}
}

/* A cut one would be no text, and no frame could have it. */
static void
a_name_with_many_marks_is_cut_between_two_characters(void)
{
	struct svc_identity id = user(70001, "no-such-user-bob");
	struct dw_buf name = DW_BUF_INITIALIZER;

	for (int i = 0; i < 24; i++)
		dw_buf_adds(&name, "a\u0301\u0302\u0303\u0304");
	CHECK(may_be(&id, NULL, dw_buf_str(&name)));
	CHECK(strlen(id.as) > 0);
	CHECK_INT(dw_text_valid(id.as, strlen(id.as)), strlen(id.as));
	dw_buf_fini(&name);
}

static bool
may_bring(struct svc_identity *id, const struct svc_people *people,
    const char *login)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	bool may = svc_identity_relay(id, people, login, &why);

	CHECK_INT(why.len == 0, may);
	dw_buf_fini(&why);
	return may;
}

static void
only_a_relay_brings_others_and_only_those_who_have_a_row(void)
{
	struct svc_user rows[] = {
		{ (char *)"ssh", NULL, EV_ROLE_ADMIN, true },
		{ (char *)"lin", (char *)"Lin.B.", EV_ROLE_SUPERVISOR, false },
	};
	struct svc_people people = { .users = rows, .nusers = 2 };
	struct svc_identity id = user(70001, "ssh"), lin = user(70002, "lin"),
			    none = user(70003, "no-such-user-bob");

	id.ours = true;
	CHECK(!may_bring(&id, &people, "no-such-user-bob"));
	CHECK(!may_bring(&lin, &people, "ssh"));
	CHECK(!may_bring(&none, &people, "lin"));
	CHECK(!may_bring(&none, NULL, "lin"));
	CHECK_STR(lin.login, "lin");
	CHECK(may_bring(&id, &people, "lin"));
	CHECK_STR(id.relay, "ssh");
	CHECK(!id.ours);
	CHECK_INT(id.role, EV_ROLE_SUPERVISOR);
	CHECK(may_be(&id, &people, ""));
	CHECK_STR(id.who, "lin");
	CHECK_STR(id.as, "Lin.B.");
	/* And then no other. */
	CHECK(!may_bring(&id, &people, "ssh"));
	CHECK(!may_be(&id, &people, "ssh"));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(two_users_are_two_persons_however_long_their_names_are),
		T(a_name_that_looks_like_one_of_a_row_is_refused),
		T(a_name_with_many_marks_is_cut_between_two_characters),
		T(only_a_relay_brings_others_and_only_those_who_have_a_row),
	};

	return t_main("identity", cases, sizeof cases / sizeof cases[0]);
}
