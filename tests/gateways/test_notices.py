from structlog.testing import capture_logs

from fulfillment.domain.messages import OPS, Recipient
from fulfillment.domain.people import Role
from fulfillment.gateways.notices import MOST_KEPT, Mailbox, Message, NoticeRefused, Notifier, WhyRefused

ADA = Recipient(role=Role.CUSTOMER, id="ada")


def message(key: str, *, to: Recipient = ADA) -> Message:
    return Message(key=key, event="notifyScheduleProposed", about="a1", to=to, request_id="r1")


async def test_the_mailbox_says_in_the_log_what_it_would_have_sent() -> None:
    mailbox: Notifier = Mailbox()

    with capture_logs() as lines:
        await mailbox.send(message("a1|notifyScheduleProposed|customer:ada|3"))

    assert lines == [
        {
            "event": "notice.kept",
            "log_level": "info",
            "notice": "notifyScheduleProposed",
            "reminder": None,
            "key": "a1|notifyScheduleProposed|customer:ada|3",
            "to_role": "customer",
            "to_id": "ada",
            "about": "a1",
            "request_id": "r1",
        }
    ]


async def test_the_mailbox_hides_no_repeat() -> None:
    mailbox = Mailbox()

    for key in ("first", "second", "first"):
        await mailbox.send(message(key, to=OPS))

    assert [kept.key for kept in mailbox.kept] == ["first", "second", "first"]


async def test_the_mailbox_forgets_the_oldest_rather_than_grow_for_ever() -> None:
    mailbox = Mailbox()

    for number in range(MOST_KEPT + 2):
        await mailbox.send(message(str(number)))

    assert len(mailbox.kept) == MOST_KEPT
    assert mailbox.kept[0].key == "2"


def test_a_refusal_says_why_in_words_a_metric_can_count() -> None:
    refused = NoticeRefused(WhyRefused.OPTED_OUT, "the number answered STOP")

    assert (refused.reason, str(refused)) == ("opted_out", "the number answered STOP")
    assert str(NoticeRefused(WhyRefused.NO_ADDRESS)) == "no_address"
