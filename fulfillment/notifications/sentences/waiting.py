"""What is said when somebody is waited for too long: to them, and to operations."""

from fulfillment.domain.people import Role
from fulfillment.notifications.sentences.words import Catalogue, Tone, Words, both

NEXT_STEP = ("Please {action} as soon as you can.", "Please take the next step as soon as you can.")

WAITING: Catalogue = {
    "notifyOverdue": {
        **both(
            Words(
                subject="Still waiting for you: {job}",
                says=("{job} with {other} is waiting for you.",),
                do=(NEXT_STEP,),
                otherwise=("Our team knows, and helps out if it goes on for long.",),
                button="See what is next",
                tone=Tone.ASKS,
                when="Visit",
                by="Was due",
            )
        ),
        Role.OPS: Words(
            subject="Overdue: assignment {assignment}",
            says=(
                (
                    "Assignment {assignment} is overdue. What it waits for: {action}.",
                    "Assignment {assignment} is overdue.",
                ),
            ),
            do=("Please see whether the side that owes it needs help.",),
            otherwise=("It stays marked as overdue until the next step is taken.",),
            button="See the assignment",
            tone=Tone.ALARM,
            by="Was due",
        ),
        Role.ADMIN: Words(
            subject="Overdue: assignment {assignment}",
            says=("Assignment {assignment} is waiting for one of you.",),
            do=(NEXT_STEP,),
            otherwise=("It stays marked as overdue until the next step is taken.",),
            button="See the assignment",
            tone=Tone.ASKS,
            by="Was due",
        ),
    },
    "notifyEscalated": {
        Role.OPS: Words(
            subject="Please step in: assignment {assignment}",
            says=(
                (
                    "Assignment {assignment} has been overdue for long. What it waits for: {action}.",
                    "Assignment {assignment} has been overdue for long.",
                ),
            ),
            do=("Please step in: call whoever owes the next step, or take it for them.",),
            otherwise=("No further reminder follows. Where the rules say so, it has been ended already.",),
            button="See the assignment",
            tone=Tone.ALARM,
            by="Was due",
        ),
    },
    "notifyEscalated/job": {
        Role.OPS: Words(
            subject="Please step in: job {job_id}",
            says=("Job {job_id} has lain with you without a provider for long.",),
            do=("Please extend it, widen its search, or give it to a provider by name.",),
            otherwise=(
                ("Without that, it ends by {until}.", "Without that, it ends when its time runs out."),
            ),
            button="See the job",
            tone=Tone.ALARM,
            by="Ends",
        ),
    },
    "notifyChoiceOverdue": {
        Role.CUSTOMER: Words(
            subject="Please choose: quotes are waiting for {job}",
            says=("The time for quotes is over, and you have quotes for {job}.",),
            do=(("Please choose one by {until}.", "Please choose one soon."),),
            otherwise=("Some quotes may lapse before. Without a choice, your job ends without a provider.",),
            button="Compare the quotes",
            tone=Tone.ASKS,
            by="Choose by",
        ),
        Role.OPS: Words(
            subject="No choice yet: job {job_id}",
            says=("Job {job_id} has quotes, and its customer has not chosen one in time.",),
            do=("Please see whether the customer needs help.",),
            otherwise=(("Without a choice, the job ends by {until}.",),),
            button="See the job",
            tone=Tone.ALARM,
            by="Ends",
        ),
    },
}
