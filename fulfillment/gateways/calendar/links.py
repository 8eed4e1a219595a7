"""Links that open the form of a web calendar with the visit filled in, for people who keep theirs there.

They are one-way: an event that was made from a link hears of no change, and a second click makes another
(trap I12). Whoever wants to be kept informed takes the invitation or the feed.
"""

from urllib.parse import quote, urlencode

from fulfillment.gateways.calendar.visit import Visit, lines, one_line

GOOGLE = "https://calendar.google.com/calendar/render"
OUTLOOK = "https://outlook.live.com/calendar/0/deeplink/compose"
LONGEST_DETAILS = 400
"""Characters of the description. Each may take twelve in a link, and servers refuse links over 8,000."""
LONGEST_LINE = 100
"""Characters of a title, and of a place."""


def google_link(visit: Visit, *, timezone: str = "") -> str:
    """Return the link for Google Calendar; `timezone`, an IANA name, is where the event is at home."""
    query = {
        "action": "TEMPLATE",
        "text": _shortened(one_line(visit.summary), most=LONGEST_LINE),
        "dates": f"{visit.start:%Y%m%dT%H%M%SZ}/{visit.end:%Y%m%dT%H%M%SZ}",
        "details": _details(visit),
        "location": _shortened(one_line(visit.location), most=LONGEST_LINE),
        "ctz": timezone,
    }
    return _link(GOOGLE, query)


def outlook_link(visit: Visit) -> str:
    """Return the link for the calendar of Outlook on the web."""
    query = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": _shortened(one_line(visit.summary), most=LONGEST_LINE),
        "startdt": f"{visit.start:%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{visit.end:%Y-%m-%dT%H:%M:%SZ}",
        "body": _details(visit),
        "location": _shortened(one_line(visit.location), most=LONGEST_LINE),
    }
    return _link(OUTLOOK, query)


def _link(form: str, query: dict[str, str]) -> str:
    # A space is %20 here: Outlook shows the plus of a form as a plus.
    given = {key: value for key, value in query.items() if value}
    return f"{form}?{urlencode(given, quote_via=quote, safe='/')}"


def _details(visit: Visit) -> str:
    """Return the description and, whatever had to be cut of it, the link to the visit, once."""
    url = one_line(visit.url)
    said = lines(visit.description).replace(url, "").strip() if url else lines(visit.description)
    description = _shortened(said, most=LONGEST_DETAILS)
    return "\n\n".join(part for part in (description, url) if part)


def _shortened(text: str, *, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
