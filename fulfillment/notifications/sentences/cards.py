"""What is said of the customer's card, of a capture that will not work, and of a dispute."""

from fulfillment.domain.people import Role
from fulfillment.notifications.sentences.words import Catalogue, Tone, Words

CARDS: Catalogue = {
    "notifyCardAuthorised": {
        Role.CUSTOMER: Words(
            subject=("{amount} is reserved on your card: {job}", "The price is reserved on your card: {job}"),
            says=(
                ("We have reserved {amount} on your card for {job}.", "We have reserved the price of {job}."),
                "Nothing is charged before the work is done and looked at.",
            ),
            do=("There is nothing you have to do.",),
            otherwise=("If the visit does not take place, the money becomes free again by itself.",),
            button="See your visit",
            when="Visit",
            sum="Reserved",
        ),
    },
    "notifyPaymentNeeded": {
        Role.CUSTOMER: Words(
            subject="Your card needs your attention: {job}",
            says=(
                (
                    "We could not reserve {amount} on your card for {job}.",
                    "We could not reserve the price of {job} on your card.",
                ),
            ),
            do=("Please confirm the payment, or give us another card.",),
            otherwise=("We remind you once a day, three times.",),
            button="See to the payment",
            tone=Tone.ASKS,
            when="Visit",
            why="What the bank says",
        ),
    },
    "notifyCardCharged": {
        Role.CUSTOMER: Words(
            subject=("{amount} was charged to your card: {job}", "Your card was charged: {job}"),
            says=(
                ("We have charged {amount} to your card for {job}.", "We have charged your card for {job}."),
                "The rest of what was reserved, if there is any, becomes free again.",
            ),
            do=("There is nothing you have to do.",),
            otherwise=("If something is wrong with the amount, please tell us.",),
            button="See your visit",
            tone=Tone.GOOD,
            when="Visit",
            sum="Charged",
        ),
    },
    "notifyAuthorisationExpired": {
        Role.ADMIN: Words(
            subject="The hold on a card is gone: assignment {assignment}",
            says=(
                "The money that was held for assignment {assignment} is not held any more.",
                "What was approved stays approved, and nothing was charged.",
            ),
            do=("Please have the card authorised again.",),
            otherwise=("Until then, the provider is not paid.",),
            button="Look at the payout",
            tone=Tone.ALARM,
            when="Visit",
        ),
    },
    "notifyCaptureFailed": {
        Role.ADMIN: Words(
            subject="A card could not be charged: assignment {assignment}",
            says=("The approved payout of assignment {assignment} could not be taken from the card.",),
            do=("Please look at the reason, and try again or have the card authorised again.",),
            otherwise=("Nothing is tried again by itself, and the provider is not paid.",),
            button="Look at the payout",
            tone=Tone.ALARM,
            when="Visit",
            why="What the payment provider says",
        ),
    },
    "notifyCaptureUnknown": {
        Role.ADMIN: Words(
            subject="Nobody knows whether a card was charged: assignment {assignment}",
            says=("The payment provider does not answer about the payout of assignment {assignment}.",),
            do=("There is nothing you have to do yet: we ask again every ten minutes, for a day.",),
            otherwise=("We never charge twice. If no answer comes within a day, we tell operations.",),
            button="Look at the payout",
            tone=Tone.ALARM,
            when="Visit",
        ),
    },
    "notifyChargebackOpened": {
        role: Words(
            subject="A customer's bank wants its money back: assignment {assignment}",
            says=("The bank of the customer of assignment {assignment} has taken the payment back for now.",),
            do=(
                (
                    "Please send the bank what proves the work, by {until}.",
                    "Please send the bank what proves the work.",
                ),
            ),
            otherwise=("Without an answer in time the bank decides for its customer.",),
            button="See the payout",
            tone=Tone.ALARM,
            when="Visit",
            by="Evidence by",
            why="The bank says",
            sum="Asked back",
        )
        for role in (Role.ADMIN, Role.OPS)
    },
    "notifyChargebackClosed": {
        role: Words(
            subject="The bank has decided: assignment {assignment}",
            says=("The bank has decided who keeps the payment of assignment {assignment}.",),
            do=("There is nothing you have to do.",),
            otherwise=("If the provider has been paid and the case is lost, it is ours to talk to them.",),
            button="See the payout",
            when="Visit",
            why="Outcome",
            sum="Asked back",
        )
        for role in (Role.ADMIN, Role.OPS)
    },
    "notifyPayoutDisputed": {
        Role.ADMIN: Words(
            subject="The customer disputes the work: assignment {assignment}",
            says=("The customer says that something is wrong with the work of assignment {assignment}.",),
            do=("Please hear both sides and settle it.",),
            otherwise=("Until then nothing is paid. The hold on the card may run out meanwhile.",),
            button="Look at the dispute",
            tone=Tone.ASKS,
            why="The customer says",
        ),
        Role.PROVIDER: Words(
            subject="The customer disputes the work: {job}",
            says=(
                "The customer says that something is wrong with {job}.",
                "Your payout waits until that is settled.",
            ),
            do=("There is nothing you have to do. We may ask you how it went.",),
            otherwise=("If you want to tell your side at once, answer this message.",),
            button="See the payout",
            tone=Tone.OFF,
            why="The customer says",
        ),
    },
    "notifyDisputeResolved": {
        Role.CUSTOMER: Words(
            subject="Your dispute is settled: {job}",
            says=(
                (
                    "We have looked at what you told us about {job}. The price now is {amount}.",
                    "We have looked at what you told us about {job}. You are not charged for it.",
                ),
            ),
            do=("There is nothing you have to do.",),
            otherwise=("If you see it differently, please answer this message.",),
            button="See your visit",
            when="Visit",
            why="Reason",
        ),
        Role.PROVIDER: Words(
            subject="The dispute is settled: {job}",
            says=(
                (
                    "The dispute about {job} is settled. Your payout of {amount} waits for its decision.",
                    "The dispute about {job} is settled. The payout is closed, and nothing is paid.",
                ),
            ),
            do=("There is nothing you have to do.",),
            otherwise=("If you see it differently, please answer this message.",),
            button="See the payout",
            when="Visit",
            why="Reason",
        ),
    },
}
