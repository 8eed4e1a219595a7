"""Pages for people, under /ui/: made of templates, and working without JavaScript.

A page decides nothing. It asks the API's own route functions, shows what those show, and has commands carried
out by the same code under `Source.PAGE`. So who may see and do what is said once.

**How to write one.** Say it is about payouts:

1. `api/ui/payouts.py`: a router with the prefix `/ui/admin/payouts` and `include_in_schema=False`. Each
   route takes a visitor, `Annotated[Visitor, Depends(signed_in(Role.ADMIN))]`: whoever is not signed in is
   sent to do that, another role gets a 403 with a way to switch, and every POST has its token checked.
2. A GET reads by the API (`from api import payouts as api`; its functions are called with `visitor.actor`)
   and returns `show("payouts/list.html", lines=...)`. GET never acts. Lines are frozen dataclasses.
3. `templates/payouts/list.html` extends `base.html` and is made of the macros in `templates/parts`:
   `bits` (head, badge, turn, card, fact, note, empty, more), `forms`, `lists` (table, cell, step). Filters:
   `moment`, `brief`, `span`, `ahead`, `price`, `duration`, `status`, `role`. No style attributes and no
   handlers: the policy forbids them. Text is escaped by itself; never use `safe`.
4. A form is a `Draft` on the page and a `Form` in the route (`forms.py`). The POST lies beneath its page,
   takes the fields by the schema of the API's body, and commands by `TheSending` of `api.ui.commanding`.
   Honoured: `show.done(path, "What was done.", since=version)`; the page waits for that version and says so.
   Refused: `faults_of(refusal, ...)`, and the page is drawn again with `form.draft(...)` and `status_of`.
5. Words for statuses, roles and turns are in `words.py`, for refusals in `refusals.py`.
6. Add the router to `assembly.ROUTERS`, the page to `places.NAVIGATION`, and its routes to
   `tests/api/ui/pages.py`, whose tests then hold it to all of this.
"""
