"""A wrong environment is refused with a sentence that says which variable, why, and what it means."""

import re
from dataclasses import fields, replace
from datetime import time, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from limits import parse

from fulfillment.domain.alerts import Thresholds
from fulfillment.domain.clocks import QuietHours
from fulfillment.domain.policy import Policy
from fulfillment.settings import AppEnv, Settings, WrongSetting, read

ROOT = Path(__file__).parent.parent
DATABASE = "postgresql://ada:s3cret@127.0.0.1:5432/fulfillment"
PROD = {
    "DATABASE_URL": DATABASE,
    "AUTH_ISSUER": "https://issuer.test",
    "AUTH_JWKS_URL": "https://issuer.test/jwks",
    "APPROVAL_SECRET": "a" * 32,
}
# The domain's own rules, with those that came later, which runs from before do not have.
USUAL = replace(
    Policy(),
    no_show_suspected_after=timedelta(minutes=30),
    nudge_once_when_late=True,
    quiet=QuietHours(start=time(21), end=time(8)),
)
# One other value for every setting that the rules read.
CHANGED = {
    "MIN_WINDOW_MINUTES": "1",
    "MAX_WINDOW_HOURS": "9.5",
    "MIN_NOTICE_MINUTES": "0.05",
    "MAX_DAYS_AHEAD": "1",
    "MAX_PROPOSALS": "1",
    "RESCHEDULE_CUTOFF": "1",
    "LATE_RESCHEDULE_POLICY": "ops_only",
    "REMINDER_SLA_MINUTES": "1",
    "QUIET_HOURS": "22:00-07:30",
    "SLA_PAYOUT_MINUTES": "1",
    "SLA_AUTO_ACTION": "true",
    "REMINDER_VISIT_OFFSETS_MINUTES": "3, 0.5",
    "REMINDER_MAX_LATENESS_MINUTES": "1",
    "START_CHECK_MINUTES": "1",
    "COMPLETION_GRACE_MINUTES": "1",
    "EARLY_CHECKIN_MINUTES": "1",
    "LATE_REJECT_HOURS": "1",
    "LATE_CANCEL_HOURS": "1",
    "HOLD_MAX_DAYS": "1",
    "NO_SHOW_SUSPECTED_MINUTES": "1",
    "NO_SHOW_GRACE_MINUTES": "1",
    "NO_SHOW_ANSWER_MINUTES": "1",
    "NO_SHOW_AUTO": "true",
    "CALL_OUT_FEE_MINOR": "1",
    "FOUR_EYES_MINOR": "1",
    "RESUBMIT_DAYS": "1",
    "MAX_PAYOUT_ATTEMPTS": "1",
    "DISPUTE_HOURS": "1",
    "STRIPE_SECRET_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRETS": "whsec_1",
    "STRIPE_TRANSFERS_ENABLED": "true",
    "PLATFORM_FEE_PERCENT": "12.34",
    "AUTH_EXPIRY_POLICY": "reauthorise",
    "AUTH_LIFETIME_HOURS": "1",
    "CAPTURE_PATIENCE_MINUTES": "1",
    "JOB_EXPIRY_HOURS": "1",
    "QUOTE_DEADLINE_MINUTES": "1",
    "OFFER_TTL_MINUTES": "1",
    "SHORTEST_OFFER_TTL_MINUTES": "0.1",
    "WAVE_SIZE": "1",
    "MAX_WAVES": "1",
    "MAX_REQUEUES": "0",
    "REQUEUE_DELAY_MINUTES": "1",
    "OPS_SLA_MINUTES": "1",
}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take every variable of ours away, and go where no `.env` is."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def said(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return read()


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    with pytest.raises(WrongSetting) as wrong:
        said(monkeypatch, **{"APP_ENV": "dev", "DATABASE_URL": DATABASE} | environment)
    return str(wrong.value)


class TestWhatIsRead:
    def test_prod_is_where_we_are_unless_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert said(monkeypatch, **PROD).app_env is AppEnv.PROD

    @pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
    def test_the_database_is_reached_by_psycopg(self, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
        settings = said(monkeypatch, **PROD | {"DATABASE_URL": f"{scheme}://u@h/d"})

        assert settings.database_url == "postgresql+psycopg://u@h/d"

    def test_a_file_is_read_and_the_environment_wins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Path(".env").write_text(f"APP_ENV=dev\nDATABASE_URL={DATABASE}\nPORT=81\nHOST=::1\nAUTH_ISSUER=\n")
        settings = said(monkeypatch, PORT="82")

        assert (settings.port, settings.host, settings.auth_issuer) == (82, "::1", None)

    def test_without_a_word_the_rules_are_the_usual_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert said(monkeypatch, **PROD).policy() == USUAL

    def test_every_rule_has_its_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        policy = said(monkeypatch, **PROD | CHANGED).policy()

        # By which clocks people live is in the directory, not in the environment.
        assert [
            field.name
            for field in fields(Policy)
            if getattr(policy, field.name) == getattr(Policy(), field.name)
        ] == ["clocks"]

    def test_fractions_make_seconds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        policy = said(monkeypatch, **PROD | CHANGED).policy()

        assert policy.min_notice.total_seconds() == 3
        assert [offset.total_seconds() for offset in policy.visit_offsets] == [180, 30]

    def test_an_override_wins_over_the_common_patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        policy = said(monkeypatch, **PROD, REMINDER_SLA_MINUTES="60", SLA_CONFIRM_MINUTES="0").policy()

        assert (policy.sla_propose.total_seconds(), policy.sla_confirm.total_seconds()) == (3600, 0)

    def test_rates_are_per_role_and_kind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rates = said(monkeypatch, **PROD, RATE_LIMIT_OPS_READS="7/second").rates()

        assert rates["ops", "reads"] == parse("7/second")
        assert len(rates) == 8

    @pytest.mark.parametrize(("host", "at"), [("127.0.0.1", "127.0.0.1:9464"), ("::1", "[::1]:9464")])
    def test_the_sdk_listens_where_the_worker_does(
        self, monkeypatch: pytest.MonkeyPatch, host: str, at: str
    ) -> None:
        assert said(monkeypatch, **PROD).sdk_metrics_at() is None
        assert said(monkeypatch, **PROD, HOST=host, SDK_METRICS_PORT="9464").sdk_metrics_at() == at


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("name", "value", "why"),
        [
            ("PORT", "99999", "less than or equal to 65535"),
            ("PORT", "web", "valid integer"),
            ("MAX_PROPOSALS", "0", "greater than or equal to 1"),
            ("MIN_NOTICE_MINUTES", "-1", "greater than or equal to 0"),
            ("MIN_NOTICE_MINUTES", "nan", "finite"),
            ("MIN_NOTICE_MINUTES", "1e300", "less than or equal to"),
            ("REMINDER_VISIT_OFFSETS_MINUTES", "60,soon", "valid number"),
            ("LATE_RESCHEDULE_POLICY", "never", "'consent' or 'ops_only'"),
            ("APP_ENV", "staging", "'dev' or 'prod'"),
            ("AUTH_ALGORITHMS", "RS256,HS256", "'RS256', 'ES256' or 'EdDSA'"),
            ("AUTH_JWKS_URL", "file:///etc/passwd", "pattern"),
            ("RATE_LIMIT_OPS_READS", "often", "not a rate"),
            ("TEMPORAL_ADDRESS", "https://temporal", "pattern"),
            ("DATABASE_CONNECTIONS", "0", "greater than or equal to 1"),
            ("NOTICES_PER_SECOND", "0", "greater than 0"),
        ],
    )
    def test_is_named_with_its_value_and_the_reason(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
    ) -> None:
        message = refusal(monkeypatch, **{name: value})

        assert message.startswith(f"{name} is ")
        assert value.rsplit(",", 1)[-1] in message
        assert why in message
        assert message.count("\n") == 0

    def test_each_wrong_variable_has_its_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        message = refusal(monkeypatch, PORT="web", MAX_WAVES="0", AUTH_ALGORITHMS="none")

        assert sorted(line.split()[0] for line in message.splitlines()) == [
            "AUTH_ALGORITHMS",
            "MAX_WAVES",
            "PORT",
        ]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DATABASE_URL", "mysql://ada:hunter2@h/d"),
            ("APPROVAL_SECRET", "hunter2"),
            ("METRICS_TOKEN", "hunter2"),
        ],
    )
    def test_a_secret_is_never_shown(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
        message = refusal(monkeypatch, **{name: value})

        assert name in message
        assert "hunter2" not in message

    def test_without_a_database_there_is_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(WrongSetting, match=r"^DATABASE_URL is missing"):
            said(monkeypatch, APP_ENV="dev")

    @pytest.mark.parametrize("name", ["AUTH_ISSUER", "AUTH_JWKS_URL", "APPROVAL_SECRET"])
    def test_prod_insists_on(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        with pytest.raises(WrongSetting, match=rf"^{name} is missing, and APP_ENV is prod"):
            said(monkeypatch, **{key: value for key, value in PROD.items() if key != name})

    def test_spans_that_exclude_each_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "no visit could ever fit" in refusal(monkeypatch, MAX_WINDOW_HOURS="0.1")
        assert "OFFER_TTL_MINUTES" in refusal(monkeypatch, OFFER_TTL_MINUTES="1")

    def test_printing_the_settings_shows_no_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = said(monkeypatch, **PROD | {"APPROVAL_SECRET": "hunter2" * 9})

        assert "hunter2" not in repr(settings)
        assert "s3cret" not in repr(settings)


class TestWhatIsKept:
    def settings(self, home: Path) -> Settings:
        return Settings(app_env=AppEnv.DEV, database_url=DATABASE, data_dir=home / "var")

    def test_it_is_made_once_and_only_for_us(self, tmp_path: Path) -> None:
        first = self.settings(tmp_path).kept("key", lambda: b"one")
        second = self.settings(tmp_path).kept("key", lambda: b"two")

        assert (first, second) == (b"one", b"one")
        assert (tmp_path / "var" / "key").stat().st_mode & 0o777 == 0o600
        assert [file.name for file in (tmp_path / "var").iterdir()] == ["key"]

    def test_who_starts_at_the_same_moment_gets_the_same(self, tmp_path: Path) -> None:
        ready, got = Barrier(8), []

        def start(number: int) -> None:
            settings = self.settings(tmp_path)

            def make() -> bytes:
                ready.wait()  # nobody writes before all have seen that there is nothing
                return b"%d" % number

            got.append(settings.kept("key", make))

        threads = [Thread(target=start, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(got) == 8
        assert len(set(got)) == 1

    def test_dev_has_an_approval_key_of_its_own(self, tmp_path: Path) -> None:
        key = self.settings(tmp_path).approval_key()

        assert len(key) >= 32
        assert self.settings(tmp_path).approval_key() == key

    def test_prod_uses_the_one_it_is_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert said(monkeypatch, **PROD).approval_key() == b"a" * 32


LOGIN = {"SMTP_USERNAME": "u", "SMTP_PASSWORD": "s3cret-1"}


class TestWhatPeopleAreTold:
    """The sweep, the channels and the calendars: what cannot work is said before anything starts."""

    @pytest.mark.parametrize(
        ("variable", "value", "sentence"),
        [
            ("REMINDER_CRON", "every morning", "REMINDER_CRON is 'every morning', which does not work"),
            ("REMINDER_CRON", "*/5 * * *", "no cron expression of five fields"),
            ("REMINDER_CRON", "61 * * * *", "no cron expression of five fields"),
            ("REMINDER_CRON", "0 */5 * * * *", "no cron expression of five fields"),
            ("QUIET_HOURS", "21-8-9", "it takes two times of day"),
            ("QUIET_HOURS", "08:00-08:00", "begin and end at different times"),
            ("MAIL_FROM", "visits", "MAIL_FROM is 'visits', which does not work: it is no e-mail address"),
            ("OPS_EMAILS", "ops@handy.example, nobody", "it is no e-mail address"),
            ("SMTP_SECURITY", "ssl", "it takes tls, starttls, none"),
            ("WEBHOOK_SECRETS", "swordfish", "it takes whsec_ and 24 to 64 bytes in base64"),
            ("SECRETS_KEYS", "short", "it takes 32 bytes in url-safe base64"),
            ("PAYLOAD_KEYS", "short", "PAYLOAD_KEYS is set to a value not shown here"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT is"),
            (
                "SECRETS_KEYS",
                2 * "wdNFCfVGVsmXPYNQaLfnbcxVt0qnOdaT2RlZUSZMbU4=",
                "it takes 32 bytes in url-safe",
            ),
            ("TWILIO_FROM", "the boss himself", "TWILIO_FROM"),
            ("CALENDAR_STORE_URL", "ftp://files", "CALENDAR_STORE_URL"),
        ],
    )
    def test_a_wrong_value_is_named(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
    ) -> None:
        with pytest.raises(WrongSetting, match=re.escape(sentence)):
            said(monkeypatch, **PROD, **{variable: value})

    @pytest.mark.parametrize(
        ("said_so", "sentence"),
        [
            (
                {"SMTP_USERNAME": "u", "SMTP_PASSWORD": "p", "SMTP_SECURITY": "none"},
                "could be read by anybody",
            ),
            ({"SMTP_USERNAME": "u"}, "SMTP_USERNAME and SMTP_PASSWORD go together"),
            ({"TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_AUTH_TOKEN and TWILIO_FROM have to be"),
            ({"WEBHOOK_URL": "https://hooks.example"}, "WEBHOOK_SECRETS has to be"),
            ({"CALENDAR_GOOGLE_API_ENABLED": "true"}, "GOOGLE_OAUTH_CLIENT_ID"),
        ],
    )
    def test_what_does_not_fit_together_is_named(
        self, monkeypatch: pytest.MonkeyPatch, said_so: dict[str, str], sentence: str
    ) -> None:
        with pytest.raises(WrongSetting, match=re.escape(sentence)):
            said(monkeypatch, **PROD, **said_so)

    @pytest.mark.parametrize("cron", ["*/5 * * * *", "0 7-22 * * 1-5", "13,43 * * * *"])
    def test_a_cron_that_works_is_taken(self, monkeypatch: pytest.MonkeyPatch, cron: str) -> None:
        assert said(monkeypatch, **PROD, REMINDER_CRON=cron).reminder_cron == cron

    def test_no_secret_is_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = said(
            monkeypatch,
            **PROD,
            **LOGIN,
            SECRETS_KEYS="wdNFCfVGVsmXPYNQaLfnbcxVt0qnOdaT2RlZUSZMbU4=",
            PAYLOAD_KEYS="wdNFCfVGVsmXPYNQaLfnbcxVt0qnOdaT2RlZUSZMbU4=",
        )

        assert "s3cret-1" not in repr(settings)
        assert "wdNFCfVG" not in repr(settings)

    def test_dev_makes_a_sealing_key_and_keeps_it(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        settings = said(monkeypatch, **PROD, DATA_DIR=str(tmp_path))

        assert settings.sealing_keys() == settings.sealing_keys()
        assert (tmp_path / "dev-sealing-key").stat().st_mode & 0o077 == 0


KEY = {"STRIPE_SECRET_KEY": "sk_test_1"}


class TestTheMoney:
    """Without a key it is moved by hand; with one, what is missing beside it is said at the start."""

    @pytest.mark.parametrize(
        ("variable", "value", "sentence"),
        [
            ("STRIPE_API_BASE", "api.stripe.com", "STRIPE_API_BASE is 'api.stripe.com'"),
            ("STRIPE_TRANSFERS_ENABLED", "perhaps", "STRIPE_TRANSFERS_ENABLED is 'perhaps'"),
            ("PLATFORM_FEE_PERCENT", "101", "less than or equal to 100"),
            ("PLATFORM_FEE_PERCENT", "-1", "greater than or equal to 0"),
            ("PLATFORM_FEE_PERCENT", "NaN", "finite"),
            ("PLATFORM_FEE_PERCENT", "2.345", "2 decimal places"),
            ("AUTH_EXPIRY_POLICY", "hope", "'alert' or 'reauthorise'"),
            ("DISPUTE_HOURS", "-1", "greater than or equal to 0"),
            ("AUTH_LIFETIME_HOURS", "nan", "finite"),
            ("CAPTURE_PATIENCE_MINUTES", "soon", "valid number"),
            ("RECONCILE_CRON", "hourly", "no cron expression of five fields"),
        ],
    )
    def test_a_wrong_value_is_named(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
    ) -> None:
        with pytest.raises(WrongSetting, match=re.escape(sentence)) as wrong:
            said(monkeypatch, **PROD, **{variable: value})

        assert str(wrong.value).startswith(f"{variable} is ")

    @pytest.mark.parametrize("value", ["sk_live_hunter2", "whsec_", "whsec_good,whsec_hunter2 with a gap"])
    def test_a_secret_that_is_none_is_refused_and_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        message = refusal(monkeypatch, STRIPE_WEBHOOK_SECRETS=value)

        assert message.startswith("STRIPE_WEBHOOK_SECRETS is set to a value not shown here")
        assert "which begin with whsec_" in message
        assert "hunter2" not in message

    def test_prod_wants_to_be_told_by_stripe(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(WrongSetting, match=r"^STRIPE_WEBHOOK_SECRETS is missing"):
            said(monkeypatch, **PROD, **KEY)

    def test_dev_may_do_without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = said(monkeypatch, APP_ENV="dev", DATABASE_URL=DATABASE, **KEY)

        assert settings.stripe_webhook_secrets == ()

    def test_nobody_passes_money_on_without_a_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        message = refusal(monkeypatch, STRIPE_TRANSFERS_ENABLED="true")

        assert message == "STRIPE_TRANSFERS_ENABLED is true: STRIPE_SECRET_KEY has to be set, too."

    def test_several_secrets_are_taken_while_one_replaces_another(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = said(monkeypatch, **PROD, **KEY, STRIPE_WEBHOOK_SECRETS="whsec_new1, whsec_old1")

        assert [each.get_secret_value() for each in settings.stripe_webhook_secrets] == [
            "whsec_new1",
            "whsec_old1",
        ]
        assert "whsec_" not in repr(settings)
        assert "sk_test_1" not in repr(settings)

    def test_a_hold_is_assumed_to_last_four_days_and_eighteen_hours(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert said(monkeypatch, **PROD).policy().auth_lifetime == timedelta(days=4, hours=18)

    @pytest.mark.parametrize(("percent", "fee"), [("0", 0), ("100", 10_000), ("2.9", 290), ("0.29", 29)])
    def test_a_share_is_what_it_says_to_the_hundredth_of_a_percent(
        self, monkeypatch: pytest.MonkeyPatch, percent: str, fee: int
    ) -> None:
        assert said(monkeypatch, **PROD, PLATFORM_FEE_PERCENT=percent).policy().platform_fee == fee


class TestAlerts:
    def test_without_a_word_the_monitor_is_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = said(monkeypatch, **PROD)

        assert (settings.alert_webhook_url, settings.thresholds()) == (None, Thresholds())

    def test_every_threshold_has_its_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = said(
            monkeypatch,
            **PROD,
            ALERT_REMINDER_FAILURES_PER_15M="0",
            ALERT_PAYOUT_PENDING_COUNT="7",
            ALERT_PAYOUT_PENDING_AGE_HOURS="0.5",
        )

        assert settings.thresholds() == Thresholds(
            reminder_failures=0, payouts=7, payout_age=timedelta(minutes=30)
        )

    def test_neither_the_address_nor_the_key_is_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = said(
            monkeypatch,
            **PROD,
            ALERT_WEBHOOK_URL="https://alerts.example/s3cret",
            ALERT_ROUTING_KEY="s3cret",
        )

        assert "s3cret" not in repr(settings)


class TestTheExample:
    def values(self) -> dict[str, str]:
        """Return the variables of `.env.example`, those that are commented out included."""
        text = (ROOT / ".env.example").read_text()
        return dict(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE))

    def test_it_has_every_variable_and_no_other(self) -> None:
        assert sorted(self.values()) == sorted(name.upper() for name in Settings.model_fields)

    def test_its_values_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = said(monkeypatch, **self.values())

        assert settings.policy() == USUAL
        assert settings.app_env is AppEnv.DEV
