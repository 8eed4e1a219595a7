"""What reminders say, by their kind; each goes out as `notifyReminderSent`."""

from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Role
from fulfillment.notifications.sentences.words import Catalogue, Tone, Words, both

EVENT = "notifyReminderSent"

VISIT_TO_CUSTOMER = Words(
    subject=("Reminder: your visit {window}", "Reminder: your visit for {job}"),
    says=("{other} comes for {job}.",),
    do=("Please be there in time. If something has come up, please tell {other} now.",),
    otherwise=("You need not confirm it again.",),
    button="See your visit",
)
VISIT_TO_PROVIDER = Words(
    subject=("Reminder: your visit {window}", "Reminder: your visit for {job}"),
    says=("You are expected at {other}'s for {job}.",),
    do=("Please check in when you arrive. If something has come up, please tell {other} now.",),
    otherwise=("You need not confirm it again.",),
    button="See the visit",
)
VISIT = {Role.CUSTOMER: VISIT_TO_CUSTOMER, Role.PROVIDER: VISIT_TO_PROVIDER}

REMINDERS: Catalogue = {
    f"{EVENT}/{kind}": words
    for kind, words in {
        ReminderKind.PROPOSE_NUDGE: both(
            Words(
                subject="Reminder: please propose a time for {job}",
                says=("{job} with {other} has no time yet, and it is your turn.",),
                do=(("Please propose a time by {until}.", "Please propose a time for the visit."),),
                otherwise=("If none is proposed for long, our team looks into it.",),
                button="Propose a time",
                tone=Tone.ASKS,
                when="Visit",
                by="Please propose by",
            )
        ),
        ReminderKind.CONFIRM_NUDGE: both(
            Words(
                subject="Reminder: a proposed time waits for your answer: {job}",
                says=("A time is proposed for your visit with {other}, and it waits for your answer.",),
                do=(
                    (
                        "Please confirm it or propose another time by {until}.",
                        "Please confirm it or propose another time.",
                    ),
                ),
                otherwise=("Without an answer in time, the proposal lapses by itself.",),
                button="Answer the proposal",
                tone=Tone.ASKS,
                when="Proposed",
                before="Agreed so far",
                by="Answer by",
                why="Note",
            )
        ),
        ReminderKind.VISIT_24H: VISIT,
        ReminderKind.VISIT_2H: VISIT,
        ReminderKind.VISIT: VISIT,
        ReminderKind.START_CHECK: {
            Role.PROVIDER: Words(
                subject="Please check in: {job}",
                says=("Your visit to {other} has begun, and you have not checked in yet.",),
                do=("If you are there, please check in. If you are late, please tell {other}.",),
                otherwise=("Without a check-in, our team asks both of you what happened.",),
                button="Check in",
                tone=Tone.ASKS,
            ),
        },
        ReminderKind.COMPLETION_NUDGE: {
            Role.PROVIDER: Words(
                subject="Is it done? {job}",
                says=("The time of your visit to {other} is over.",),
                do=("If the work is done, please say so. If it is not, please agree on how to go on.",),
                otherwise=("You are paid only once it is recorded as done.",),
                button="Say that it is done",
                tone=Tone.ASKS,
            ),
        },
        ReminderKind.PAYOUT_REVIEW: {
            Role.ADMIN: Words(
                subject=("Reminder: a payout of {amount} waits for you", "Reminder: a payout waits for you"),
                says=("The payout of assignment {assignment} still waits for a decision.",),
                do=(("Please approve or deny it by {until}.", "Please approve or deny it."),),
                otherwise=("Nothing is paid by itself; after that, it is escalated to operations.",),
                button="Decide on the payout",
                tone=Tone.ASKS,
                when="Visit",
                by="Decide by",
            ),
        },
        ReminderKind.AUTH_EXPIRING: {
            Role.ADMIN: Words(
                subject="Soon too late to charge the card: assignment {assignment}",
                says=("The card's authorisation for assignment {assignment} is about to end.",),
                do=(("Please decide on the payout by {until}.", "Please decide on the payout soon."),),
                otherwise=("After that, the amount can no longer be taken from the card.",),
                button="Decide on the payout",
                tone=Tone.ALARM,
                when="Visit",
                by="Authorised until",
            ),
        },
        ReminderKind.PAYMENT_NUDGE: {
            Role.CUSTOMER: Words(
                subject="Reminder: your card needs your attention: {job}",
                says=(
                    (
                        "We still could not reserve {amount} for {job}.",
                        "We still could not reserve the price.",
                    ),
                ),
                do=("Please confirm the payment, or give us another card.",),
                otherwise=("If nothing works, answer this message and we find a way together.",),
                button="See to the payment",
                tone=Tone.ASKS,
                when="Visit",
            ),
        },
        ReminderKind.RESUBMIT_NUDGE: {
            Role.PROVIDER: Words(
                subject="Reminder: your payout waits for you: {job}",
                says=("Your payout for {job} could not be approved yet.",),
                do=(
                    (
                        "Please add what is missing and send it in again by {until}.",
                        "Please add what is missing and send it in again.",
                    ),
                ),
                otherwise=("If it is not sent in again in time, the payout is closed and nothing is paid.",),
                button="See what is missing",
                tone=Tone.ASKS,
                when="Visit",
                by="Send in by",
                why="Reason",
            ),
        },
        ReminderKind.OFFER_EXPIRING: {
            Role.PROVIDER: Words(
                subject="Reminder: an offer waits for your answer: {job}",
                says=("{job} is still offered to you, and half of the time to answer is over.",),
                do=(("Please accept or decline it by {until}.", "Please accept or decline it soon."),),
                otherwise=(
                    "If you do not answer, the offer lapses by itself. That does not count as declining it.",
                ),
                button="See the offer",
                tone=Tone.ASKS,
                by="Open until",
                sum="You are paid",
            ),
        },
    }.items()
}
