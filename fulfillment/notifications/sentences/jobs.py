"""What is said while a job looks for its provider: offers, quotes, the search, and its end."""

from fulfillment.domain.people import Role
from fulfillment.notifications.sentences.words import Catalogue, Tone, Words

JOBS: Catalogue = {
    "notifyOfferSent": {
        Role.PROVIDER: Words(
            subject=("A job for you at {amount}: {title}", "A job for you at {amount}", "A job for you"),
            says=(
                "{job} is offered to you.",
                "It may be offered to others as well; whoever accepts first has it.",
            ),
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
    "notifyOfferFilled": {
        Role.PROVIDER: Words(
            subject="Somebody else has it: {job}",
            says=("{job} was offered to you and has found somebody else.",),
            do=("There is nothing you have to do.",),
            otherwise=("The offer is closed, and that does not count as declining it.",),
            button="See your offers",
        ),
    },
    "notifyQuoteReceived": {
        Role.CUSTOMER: Words(
            subject=("A quote of {amount} for {job}", "A quote for {job}"),
            says=(("There is a quote of {amount} for {job}.", "There is a quote for {job}."),),
            do=(
                (
                    "If it suits you, accept it by {until}.",
                    "If it suits you, accept it. You may wait for others to compare.",
                ),
            ),
            otherwise=(
                (
                    "If you do not accept it by {until}, it lapses by itself.",
                    "If you do not accept it, nothing is booked.",
                ),
            ),
            button="See the quote",
            tone=Tone.ASKS,
            when="Suggested time",
            by="Valid until",
            sum="Price",
            why="Note",
        ),
    },
    "notifyJobRequeued": {
        Role.CUSTOMER: Words(
            subject="We look for somebody else: {job}",
            says=(
                "We are looking for another provider for {job}.",
                ("The time that was agreed, {window}, is asked for first.",),
            ),
            do=("There is nothing you have to do now.",),
            otherwise=("You hear from us when there is a quote or somebody takes it on.",),
            button="Follow the search",
            when="",
            sum="Price so far",
            why="Reason",
        ),
    },
    "notifyJobUnfilled": {
        Role.CUSTOMER: Words(
            subject="We have found nobody yet: {job}",
            says=("So far, we have found nobody for {job}.",),
            do=("There is nothing you have to do: our team looks at it now.",),
            otherwise=(("If nobody is found by {until}, the job ends and costs you nothing.",),),
            button="See your job",
            tone=Tone.OFF,
            by="We look until",
        ),
        Role.OPS: Words(
            subject="Found nobody: job {job_id}",
            says=("Job {job_id} has found nobody and is yours now.",),
            do=("Please extend it, widen its search, or give it to a provider by name.",),
            otherwise=(
                ("Without that, it ends by {until}.", "Without that, it ends when its time runs out."),
            ),
            button="See the job",
            tone=Tone.ALARM,
            by="Ends",
            why="Reason",
        ),
    },
    "notifyJobCancelled": {
        Role.CUSTOMER: Words(
            subject="Cancelled: {job}",
            says=("{job} is cancelled, and nobody is looked for any more.",),
            do=("There is nothing you have to do.",),
            otherwise=("If you need it after all, post it again.",),
            button="See your job",
            tone=Tone.OFF,
            why="Reason",
        ),
    },
    "notifyJobExpired": {
        Role.CUSTOMER: Words(
            subject="Ended without a provider: {job}",
            says=("The time for {job} is over, and it has ended without a provider.",),
            do=("If you still need it, post it again. More time or another price may help.",),
            otherwise=("Otherwise there is nothing you have to do, and it costs you nothing.",),
            button="See your job",
            tone=Tone.OFF,
            by="Ended",
        ),
    },
}
