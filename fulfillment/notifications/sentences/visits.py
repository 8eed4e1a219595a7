"""What is said of the visit itself: begun, done, called off, given back, and what went wrong with it."""

from fulfillment.domain.people import Role
from fulfillment.notifications.sentences.words import Catalogue, Tone, Words, both

NO_ANSWER = "Without an answer in time, our team decides by what it knows."
OFF = "The visit that was agreed for {window} is called off."

VISITS: Catalogue = {
    "notifyCheckedIn": {
        Role.CUSTOMER: Words(
            subject="{other} has arrived: {job}",
            says=("{other} has checked in for your visit.",),
            do=("There is nothing you have to do. If nobody is there, please tell us.",),
            otherwise=("You hear from us when the work is done.",),
            button="See your visit",
            tone=Tone.GOOD,
        ),
    },
    "notifyAssignmentCompleted": {
        Role.CUSTOMER: Words(
            subject="Your visit is over: please look at the account of {job}",
            says=(
                "{job} with {other} is recorded as finished.",
                ("Before any money moves, our team checks the amount of {amount}.",),
            ),
            do=("Please see that everything is right, and tell us soon if something is not.",),
            otherwise=("If we hear nothing, there is nothing more you have to do.",),
            button="See your visit",
            tone=Tone.GOOD,
        ),
    },
    "notifyAssignmentRejected": {
        Role.CUSTOMER: Words(
            subject="{other} cannot come: {job}",
            says=("{other} cannot do {job} after all.", OFF),
            do=("There is nothing you have to do now: your job is still with us.",),
            otherwise=("A separate message tells you how it goes on.",),
            button="See your job",
            tone=Tone.OFF,
            when="Called off",
            why="Reason",
        ),
        Role.PROVIDER: Words(
            subject="No longer yours: {job}",
            says=("{job} for {other} is no longer yours.", OFF),
            do=("There is nothing you have to do.",),
            otherwise=("If you think that this is a mistake, please tell us.",),
            button="See the job",
            tone=Tone.OFF,
            when="Called off",
            why="Reason",
        ),
        Role.OPS: Words(
            subject="Provider lost: assignment {assignment}",
            says=("Assignment {assignment} has lost its provider.",),
            do=("Please see that the job finds somebody else.",),
            otherwise=("The job goes back to the search by itself unless it came back too often.",),
            button="See the assignment",
            tone=Tone.OFF,
            when="Called off",
            why="Reason",
        ),
    },
    "notifyAssignmentCancelled": both(
        Words(
            subject="Cancelled: {job}",
            says=("{job} with {other} is cancelled.",),
            do=("There is nothing you have to do.",),
            otherwise=("If you think that this is a mistake, please tell us.",),
            button="See what was cancelled",
            tone=Tone.OFF,
            when="Called off",
            why="Reason",
        )
    ),
    "notifyAssignmentCancelled/agreed": both(
        Words(
            subject=("Cancelled: your visit {window}", "Cancelled: {job}"),
            says=("{job} with {other} is cancelled.", OFF),
            do=("There is nothing you have to do.",),
            otherwise=("If you think that this is a mistake, please tell us.",),
            button="See what was cancelled",
            tone=Tone.OFF,
            when="Called off",
            why="Reason",
        )
    ),
    "notifyLateCancel": {
        Role.OPS: Words(
            subject="Cancelled late: assignment {assignment}",
            says=("Assignment {assignment} was cancelled shortly before its visit.",),
            do=("Please see whether a fee is owed, and settle it.",),
            otherwise=("Nothing is charged by itself.",),
            button="See the assignment",
            tone=Tone.ALARM,
            when="Called off",
            why="Reason",
        ),
    },
    "notifyNoShowSuspected": {
        Role.OPS: Words(
            subject="No check-in: assignment {assignment}",
            says=("The visit of assignment {assignment} has begun, and the provider has not checked in.",),
            do=("Please call both sides and find out what happened.",),
            otherwise=("The suspicion stays open until somebody checks in or resolves it.",),
            button="See the assignment",
            tone=Tone.ALARM,
            why="Note",
        ),
    },
    "notifyNoShowReported": {
        Role.CUSTOMER: Words(
            subject="Please tell us how your visit went: {job}",
            says=(
                "We are told that your visit with {other} could not take place, because nobody was there.",
            ),
            do=(
                (
                    "Please tell us by {until} what happened from your point of view.",
                    "Please tell us what happened from your point of view.",
                ),
            ),
            otherwise=(NO_ANSWER,),
            button="Say what happened",
            tone=Tone.ASKS,
            by="Answer by",
            why="Note",
        ),
        Role.PROVIDER: Words(
            subject="Please tell us how the visit went: {job}",
            says=("We are told that your visit to {other} did not take place, because nobody came.",),
            do=(
                (
                    "Please tell us by {until} what happened from your point of view.",
                    "Please tell us what happened from your point of view.",
                ),
            ),
            otherwise=(NO_ANSWER,),
            button="Say what happened",
            tone=Tone.ASKS,
            by="Answer by",
            why="Note",
        ),
        Role.OPS: Words(
            subject="No-show reported: assignment {assignment}",
            says=("One side of assignment {assignment} reports that the other did not come.",),
            do=(
                (
                    "Please wait for the answer of the other side, which is asked for by {until}.",
                    "Please wait for the answer of the other side.",
                ),
            ),
            otherwise=("You hear from us when it answers, and when it does not.",),
            button="See the incident",
            tone=Tone.ALARM,
            by="Answer due",
            why="Note",
        ),
    },
    "notifyIncidentAnswered": {
        Role.OPS: Words(
            subject="Both sides are heard: assignment {assignment}",
            says=("The side that was reported not to have come has answered.",),
            do=("Please resolve the incident.",),
            otherwise=("It stays open, and both sides wait, until somebody does.",),
            button="Resolve the incident",
            tone=Tone.ASKS,
            why="Answer",
        ),
    },
    "notifyIncidentUnanswered": {
        Role.OPS: Words(
            subject="No answer to the report: assignment {assignment}",
            says=("The side that was reported not to have come has not answered in time.",),
            do=("Please resolve the incident, unless the rules have done so already.",),
            otherwise=("It stays open until it is resolved.",),
            button="See the incident",
            tone=Tone.ALARM,
        ),
    },
    "notifyIncidentResolved/provider_fault": {
        Role.CUSTOMER: Words(
            subject="We have looked into your visit: {job}",
            says=(
                "We are sorry that the visit did not take place. {other} is no longer in charge of {job}.",
            ),
            do=("There is nothing you have to do now: your job is still with us.",),
            otherwise=("A separate message tells you how it goes on.",),
            button="See the decision",
            tone=Tone.OFF,
            when="Visit",
            why="Our reason",
        ),
        Role.PROVIDER: Words(
            subject="We have looked into your visit: {job}",
            says=("Our team has looked into the visit to {other} and has ended your part in {job}.",),
            do=("There is nothing you have to do.",),
            otherwise=("If you see it differently, please tell us.",),
            button="See the decision",
            tone=Tone.OFF,
            when="Visit",
            why="Our reason",
        ),
    },
    "notifyIncidentResolved/customer_fault": {
        Role.CUSTOMER: Words(
            subject="We have looked into your visit: {job}",
            says=(
                "Our team has looked into the visit with {other} and has come to a decision.",
                ("A call-out fee of {amount} is put down for it.", "A call-out fee is put down for it."),
            ),
            do=("Please see what it means for you.",),
            otherwise=("If you see it differently, please tell us before the fee is checked.",),
            button="See the decision",
            tone=Tone.OFF,
            when="Visit",
            why="Our reason",
        ),
        Role.PROVIDER: Words(
            subject="We have looked into your visit: {job}",
            says=(
                "Our team has looked into the visit to {other} and has come to a decision.",
                ("A call-out fee of {amount} is put down for you.", "A call-out fee is put down for you."),
            ),
            do=("There is nothing you have to do: our team checks the fee and then pays it.",),
            otherwise=("You hear from us when it is paid.",),
            button="See the decision",
            tone=Tone.GOOD,
            when="Visit",
            why="Our reason",
        ),
    },
    "notifyIncidentResolved/neither": both(
        Words(
            subject="Please agree on another time: {job}",
            says=(
                "Our team has looked into the visit for {job}. It did not take place; nobody is at fault.",
                "You and {other} can agree on another time.",
            ),
            do=("Please propose a time, or answer the next proposal.",),
            otherwise=("Until a time is agreed, no visit is booked.",),
            button="Propose a time",
            tone=Tone.ASKS,
            when="Called off",
            why="Our reason",
        )
    ),
}
