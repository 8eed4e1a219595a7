"""What is said while two sides agree on a time: proposed, confirmed, declined, withdrawn, lapsed, held."""

from fulfillment.domain.people import Role
from fulfillment.notifications.sentences.words import Catalogue, Tone, Words, both

ANSWER = (
    "Please confirm it or propose another time by {until}.",
    "Please confirm it or propose another time.",
)
LAPSES = "Without an answer in time, the proposal lapses by itself and no visit is booked."
STANDS = "Without an answer in time, the proposal lapses by itself and the agreed time stays as it is."
EITHER_PROPOSES = "Either of you can propose another time now."

SCHEDULING: Catalogue = {
    "notifyAssignmentOpened": {
        Role.CUSTOMER: Words(
            subject="{other} takes on {job}",
            says=(
                "{other} has taken on {job}.",
                "Next, the two of you agree on a time for the visit, and {other} is asked to propose one.",
            ),
            do=("There is nothing you have to do now. If you like, propose a time yourself.",),
            otherwise=("You hear from us as soon as a time is proposed.",),
            button="See your visit",
            tone=Tone.GOOD,
        ),
        Role.PROVIDER: Words(
            subject="Yours now: {job}. Please propose a time",
            says=("You have taken on {job} for {other}.",),
            do=("Please propose a time for the visit.",),
            otherwise=(
                "If no time is proposed for a while, we remind you, and later our team looks into it.",
            ),
            button="Propose a time",
            tone=Tone.ASKS,
        ),
    },
    "notifyAssignmentOpened/proposed": {
        Role.PROVIDER: Words(
            subject="Yours now: {job}",
            says=(
                "You have taken on {job} for {other}.",
                "The time that came with it is proposed to {other}.",
            ),
            do=("There is nothing you have to do until {other} answers.",),
            otherwise=(
                ("If no answer comes by {until}, the proposal lapses by itself, and you hear from us.",),
            ),
            button="See the visit",
            tone=Tone.GOOD,
            when="Proposed",
        ),
    },
    "notifyScheduleProposed": {
        Role.CUSTOMER: Words(
            subject="Please answer: a time is proposed for {job}",
            says=("A time is proposed for your visit with {other}.",),
            do=(ANSWER,),
            otherwise=(LAPSES,),
            button="Answer the proposal",
            tone=Tone.ASKS,
            when="Proposed",
            by="Answer by",
            why="Note",
        ),
        Role.PROVIDER: Words(
            subject="Please answer: a time is proposed for {job}",
            says=("A time is proposed for your visit to {other}.",),
            do=(ANSWER,),
            otherwise=(LAPSES,),
            button="Answer the proposal",
            tone=Tone.ASKS,
            when="Proposed",
            by="Answer by",
            why="Note",
        ),
    },
    "notifyScheduleProposed/moved": both(
        Words(
            subject="Please answer: a new time is proposed for {job}",
            says=(
                "A new time is proposed for the visit that you and {other} have agreed on.",
                "The agreed time holds until you confirm the new one.",
            ),
            do=(ANSWER,),
            otherwise=(STANDS,),
            button="Answer the proposal",
            tone=Tone.ASKS,
            when="Proposed",
            before="Agreed so far",
            by="Answer by",
            why="Note",
        )
    ),
    "notifyScheduleConfirmed": {
        Role.CUSTOMER: Words(
            subject=("Your visit is booked: {window}", "Your visit is booked: {job}"),
            says=("Your visit with {other} for {job} is booked.",),
            do=("Please be there in time. If something comes up, propose another time early.",),
            otherwise=("We remind you before the visit.",),
            button="See your visit",
            tone=Tone.GOOD,
            why="Note",
        ),
        Role.PROVIDER: Words(
            subject=("Your visit is booked: {window}", "Your visit is booked: {job}"),
            says=("Your visit to {other} for {job} is booked.",),
            do=("Please check in when you arrive. If something comes up, propose another time early.",),
            otherwise=("We remind you before the visit.",),
            button="See the visit",
            tone=Tone.GOOD,
            why="Note",
        ),
    },
    "notifyScheduleConfirmed/moved": both(
        Words(
            subject=("Your visit has moved: {window}", "Your visit has moved: {job}"),
            says=("Your visit with {other} for {job} has a new time.", "The old time no longer holds."),
            do=("Please note the new time. If it does not suit you after all, propose another one early.",),
            otherwise=("We remind you before the visit.",),
            button="See the visit",
            tone=Tone.GOOD,
            when="New time",
            before="Old time",
            why="Note",
        )
    ),
    "notifyScheduleDeclined": {
        **both(
            Words(
                subject="The proposed time does not suit: {job}",
                says=("The time that was proposed for the visit does not suit {other}.",),
                do=("It is {other}'s turn to propose another time. You can propose one as well.",),
                otherwise=("Until a time is agreed, no visit is booked.",),
                button="See the proposals",
                when="Not chosen",
                why="Reason",
            )
        ),
        Role.ADMIN: Words(
            subject="Declined: the time proposed for assignment {assignment}",
            says=("The time that was proposed in our name for assignment {assignment} is declined.",),
            do=("Whoever declined is asked to propose another. You can propose one as well.",),
            otherwise=("Until a time is agreed, no visit is booked.",),
            button="See the assignment",
            when="Not chosen",
            why="Reason",
        ),
    },
    "notifyScheduleDeclined/moved": {
        **both(
            Words(
                subject="Your visit keeps its time: {job}",
                says=(
                    "The new time that was proposed for the visit does not suit {other}.",
                    "The time you have agreed on stays as it is.",
                ),
                do=("There is nothing you have to do. If you still need another time, propose one.",),
                otherwise=("Without another agreement, the visit takes place as agreed.",),
                button="See the visit",
                when="Not chosen",
                before="Still agreed",
                why="Reason",
            )
        ),
        Role.ADMIN: Words(
            subject="Declined: the new time proposed for assignment {assignment}",
            says=("The new time that was proposed in our name for assignment {assignment} is declined.",),
            do=("There is nothing you have to do. If another time is still needed, propose one.",),
            otherwise=("Without another agreement, the visit takes place as agreed.",),
            button="See the assignment",
            when="Not chosen",
            before="Still agreed",
            why="Reason",
        ),
    },
    "notifyScheduleWithdrawn": both(
        Words(
            subject="The proposed time is withdrawn: {job}",
            says=("The time that was proposed for your visit with {other} is withdrawn.",),
            do=(f"You need not answer it any more. {EITHER_PROPOSES}",),
            otherwise=("Until a time is agreed, no visit is booked.",),
            button="See the proposals",
            when="Withdrawn",
            why="Reason",
        )
    ),
    "notifyScheduleWithdrawn/moved": both(
        Words(
            subject="Your visit keeps its time: {job}",
            says=(
                "The new time that was proposed for your visit with {other} is withdrawn.",
                "The time you have agreed on stays as it is.",
            ),
            do=("You need not answer it any more.",),
            otherwise=("Without another agreement, the visit takes place as agreed.",),
            button="See the visit",
            when="Withdrawn",
            before="Still agreed",
            why="Reason",
        )
    ),
    "notifyScheduleExpired": both(
        Words(
            subject="The proposed time has lapsed: {job}",
            says=(
                "The time that was proposed for your visit with {other} was not confirmed, and has lapsed.",
            ),
            do=(EITHER_PROPOSES,),
            otherwise=("Until a time is agreed, no visit is booked.",),
            button="Propose a time",
            tone=Tone.ASKS,
            when="Lapsed",
        )
    ),
    "notifyScheduleExpired/moved": both(
        Words(
            subject="Your visit keeps its time: {job}",
            says=(
                "The new time proposed for your visit with {other} was not confirmed, and has lapsed.",
                "The time you have agreed on stays as it is.",
            ),
            do=("There is nothing you have to do. If you still need another time, propose one.",),
            otherwise=("Without another agreement, the visit takes place as agreed.",),
            button="See the visit",
            when="Lapsed",
            before="Still agreed",
        )
    ),
    "notifyHeld": both(
        Words(
            subject=("On hold until {until}: {job}", "On hold: {job}"),
            says=(
                (
                    "{job} with {other} is on hold until {until}.",
                    "{job} with {other} is on hold for a while.",
                ),
                "A time that is agreed for a visit stays as it is.",
            ),
            do=("There is nothing you have to do: meanwhile nobody is reminded, and nobody is late.",),
            otherwise=("The hold ends by itself, and you hear from us.",),
            button="See the visit",
            by="On hold until",
            why="Reason",
        )
    ),
    "notifyResumed": both(
        Words(
            subject="It goes on: {job}",
            says=("The hold on {job} with {other} is over.",),
            do=("Please see whether something is waiting for you.",),
            otherwise=("Reminders and deadlines count again from now on.",),
            button="See what is next",
        )
    ),
}
