"""The policy of our pages holds where a script would break it, and not on paper alone."""

from tests.browser.visits import Visits

TRY = """() => {
    const done = [];
    const attempt = (name, deed) => { try { deed(); done.push(name); } catch { /* as it should be */ } };
    attempt('markup', () => { document.body.innerHTML = '<b>x</b>'; });
    attempt('a policy of its own', () => trustedTypes.createPolicy('mine', {}));
    attempt('a script', () => { document.createElement('script').text = '1'; });
    return done;
}"""


async def test_no_text_becomes_markup_or_script(visits: Visits) -> None:
    page = await visits.open("/ui/sign-in")
    visits.watch.announce("TrustedHTML")
    visits.watch.announce("TrustedScript")
    visits.watch.announce("TrustedTypePolicy")

    assert await page.evaluate(TRY) == []
