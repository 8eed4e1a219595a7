"""The tables of the scaling guide are of the last measurement, and the model does as its formulas say."""

from dataclasses import replace

from tests.bench import capacity
from tests.bench.capacity import Assumptions, Capacity
from tests.bench.costs import Costs

COSTS = Costs(
    assignments=1,
    commands=8,
    requests=10,
    events=100,
    history_bytes=50_000,
    actions=30,
    workflow_tasks=20,
    timers_fired=2,
    transitions=60,
    activities={"deliver": 5, "project_assignment": 7},
    mails=10,
    database={
        "transactions": 50,
        "rows_inserted": 40,
        "rows_updated": 30,
        "log_bytes": 100_000,
        "disk_bytes": 20_000,
    },
    cpu={"api": 0.05, "worker": 0.21, "postgres": 0.03, "temporal": 0.2},
    idle_cpu={"api": 0.01, "worker": 0.02, "postgres": 0.01, "temporal": 0.05},
)


def test_the_page_is_up_to_date() -> None:
    text = capacity.PAGE.read_text(encoding="utf-8")

    assert capacity.page(text, capacity.measured()) == text, "run: python -m tests.bench.capacity"
    assert capacity.TABLE.findall(text)


class TestTheModel:
    def test_a_process_is_never_alone(self) -> None:
        little = Capacity(per_minute=1, costs=COSTS)

        assert (little.workers, little.apis) == (2, 2)

    def test_workers_do_the_work_and_read_what_they_have_forgotten(self) -> None:
        # Ten wakes of half of 100 events at 0.18 ms are 90 ms beside the 210: 0.3 s, of 0.6 a second.
        assert Capacity(per_minute=590, costs=COSTS).workers == 5

    def test_people_look_more_often_than_they_act(self) -> None:
        # 5 ms for a request, so 50 and 200 ms.
        assert Capacity(per_minute=6_000, costs=COSTS).apis == 42

    def test_every_process_has_two_connections_a_core_and_an_api_listens(self) -> None:
        some = Capacity(per_minute=600, costs=COSTS, assumed=Assumptions(cores=3, least=5))

        assert some.connections == some.workers * 6 + some.apis * 7

    def test_shards_are_a_power_of_two_and_not_fewer_than_usual(self) -> None:
        assert Capacity(per_minute=10, costs=COSTS).shards == 512
        assert Capacity(per_minute=100_000, costs=COSTS).shards == 8192

    def test_twice_the_costs_of_the_database_are_twice_its_cores(self) -> None:
        dear = replace(COSTS, cpu={**COSTS.cpu, "postgres": 0.06})

        once, twice = (Capacity(per_minute=1_000, costs=each).database_cores for each in (COSTS, dear))

        assert twice == 2 * once
