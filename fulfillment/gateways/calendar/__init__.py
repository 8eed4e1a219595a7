"""Visits as calendars understand them: files that ask, take back and show, and links that fill in a form."""

from fulfillment.gateways.calendar.files import cancellation, download, feed, invitation
from fulfillment.gateways.calendar.links import google_link, outlook_link
from fulfillment.gateways.calendar.visit import Mailbox, Visit, uid_of

__all__ = [
    "Mailbox",
    "Visit",
    "cancellation",
    "download",
    "feed",
    "google_link",
    "invitation",
    "outlook_link",
    "uid_of",
]
