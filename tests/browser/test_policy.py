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
    # The console says it in words, and the policy reports it.
    for words in ("TrustedHTML", "TrustedScript", "TrustedTypePolicy"):
        visits.watch.announce("console", words)
    for words in ("innerHTML", "HTMLScriptElement text", "trusted-types-policy"):
        visits.watch.announce("violation", words)

    assert await page.evaluate(TRY) == []
