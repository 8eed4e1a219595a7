"""What is said of money that is given back after it was taken."""

from fulfillment.domain.people import Role
from fulfillment.notifications.sentences.words import Catalogue, Tone, Words

REFUNDS: Catalogue = {
    "notifyRefundGiven": {
        Role.CUSTOMER: Words(
            subject=("You get {amount} back: {job}", "You get money back: {job}"),
            says=(
                (
                    "We have given {amount} for {job} back to the card that you paid with.",
                    "We have given money for {job} back to the card that you paid with.",
                ),
                "Most banks show it within five to ten working days.",
            ),
            do=("There is nothing you have to do.",),
            otherwise=("If you do not see it by then, please tell us.",),
            button="See your visit",
            tone=Tone.GOOD,
            when="Visit",
            sum="Given back",
        ),
        Role.PROVIDER: Words(
            subject="The customer was given money back: {job}",
            says=(
                (
                    "We have given {amount} for {job} back to the customer.",
                    "We have given money for {job} back to the customer.",
                ),
            ),
            do=("There is nothing you have to do. What was passed on to you stays with you.",),
            otherwise=("If anything about your payout changes, we talk to you first.",),
            button="See the payout",
            when="Visit",
            sum="Given back",
        ),
    },
    "notifyRefundFirstMark": {
        Role.ADMIN: Words(
            subject=("A refund of {amount} waits for a second look", "A refund waits for a second look"),
            says=(
                "One of you wants to give money for assignment {assignment} back to the customer.",
                "A refund of this size takes two.",
            ),
            do=("Somebody else among you, please look at it and give back the same amount.",),
            otherwise=("Until then, nothing is given back.",),
            button="Look at the payout",
            tone=Tone.ASKS,
            when="Visit",
            sum="To be given back",
            why="Reason",
        ),
    },
    "notifyRefundFailed": {
        Role.ADMIN: Words(
            subject="Money could not be given back: assignment {assignment}",
            says=("The payment provider refuses the refund for assignment {assignment}.",),
            do=("Please look at the reason, and ask for it anew or give it back in another way.",),
            otherwise=("Nothing is tried again by itself, and the customer was told nothing.",),
            button="Look at the payout",
            tone=Tone.ALARM,
            when="Visit",
            sum="Not given back",
            why="What the payment provider says",
        ),
    },
}
