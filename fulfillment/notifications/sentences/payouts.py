"""What is said of money: a payout waits, is decided, is paid, or is closed."""

from fulfillment.domain.people import Role
from fulfillment.notifications.sentences.words import Catalogue, Tone, Words

PAYOUTS: Catalogue = {
    "notifyPayoutPending": {
        Role.ADMIN: Words(
            subject=("A payout of {amount} waits for you", "A payout waits for you"),
            says=("The payout of assignment {assignment} waits for a decision.",),
            do=("Please look at the evidence, and approve or deny it.",),
            otherwise=("Nothing is paid by itself. If it waits for long, we remind you.",),
            button="Decide on the payout",
            tone=Tone.ASKS,
            when="Visit",
        ),
    },
    "notifyPayoutFirstMark": {
        Role.ADMIN: Words(
            subject=("A payout of {amount} waits for a second look", "A payout waits for a second look"),
            says=(
                "One of you has approved the payout of assignment {assignment}.",
                "A payout of this size takes two.",
            ),
            do=("Somebody else among you, please look at it and decide.",),
            otherwise=("Until then, nothing is paid.",),
            button="Decide on the payout",
            tone=Tone.ASKS,
            why="First decision",
        ),
    },
    "notifyPayoutDenied": {
        Role.PROVIDER: Words(
            subject="Please look at your payout: {job}",
            says=("Your payout for {job} was looked at and could not be approved yet.",),
            do=(
                (
                    "Please add what is missing and send it in again by {until}.",
                    "Please add what is missing and send it in again; the link says until when you can.",
                ),
            ),
            otherwise=("If it is not sent in again in time, the payout is closed and nothing is paid.",),
            button="See what is missing",
            tone=Tone.ASKS,
            by="Send in by",
            why="Reason",
        ),
    },
    "notifyPayoutDenied/final": {
        Role.PROVIDER: Words(
            subject="Your payout is closed: {job}",
            says=("Your payout for {job} was looked at and will not be paid. This decision is final.",),
            do=("There is nothing you have to do.",),
            otherwise=("If you see it differently, please tell us.",),
            button="See the decision",
            tone=Tone.OFF,
            why="Reason",
        ),
    },
    "notifyPayoutPaid": {
        Role.PROVIDER: Words(
            subject=("You are paid {amount}: {job}", "You are paid: {job}"),
            says=(
                ("Your payout of {amount} for {job} is settled.", "Your payout for {job} is settled."),
                "Thank you for your work.",
            ),
            do=("There is nothing you have to do.",),
            otherwise=("Until you see the money, your bank may need some days.",),
            button="See your payout",
            tone=Tone.GOOD,
            when="Visit",
        ),
    },
    "notifyPayoutClosed": {
        Role.CUSTOMER: Words(
            subject="Nothing is charged: {job}",
            says=("{job} is closed without a payment to {other}.",),
            do=("There is nothing you have to do. What your bank set aside for it becomes free again.",),
            otherwise=("If you are charged all the same, please tell us.",),
            button="See your visit",
            when="Visit",
            sum="Not paid",
        ),
        Role.PROVIDER: Words(
            subject="Your payout is closed: {job}",
            says=("The payout for {job} is closed: it was not sent in again in time, and nothing is paid.",),
            do=("There is nothing you have to do.",),
            otherwise=("If you think that this is a mistake, please tell us.",),
            button="See the payout",
            tone=Tone.OFF,
            when="Visit",
            sum="Not paid",
        ),
    },
}
