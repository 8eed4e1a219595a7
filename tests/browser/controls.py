"""What a page offers to act on, as fingers and keys find it."""

FIND = """
const controls = () => {
    const named = new Set();
    return [...document.querySelectorAll(
        'a[href], button, input, select, textarea, summary, iframe, [tabindex]')].filter(element => {
        if (element.disabled || element.tabIndex < 0 || element.type === 'hidden') return false;
        if (!element.checkVisibility({visibilityProperty: true})) return false;
        if (element.type !== 'radio') return true;
        const group = `${element.form?.id} ${element.name}`;  // of a group of radios, one is a stop
        return !named.has(group) && named.add(group);
    });
};
const called = element => {
    const label = element.labels?.[0]?.textContent;
    const name = element.ariaLabel || label || element.textContent || element.title || element.name || '';
    return `<${element.localName}> ${name.trim().replace(/\\s+/g, ' ').slice(0, 60)}`;
};
"""
"""Two functions: the controls in their order, and what to call one in a message."""

STILL = """() => document.getAnimations().forEach(each => {
    try { each.finish(); } catch { each.cancel(); }  // some would never end
})"""
"""Takes a page to where its transitions lead: in the middle of one, colours are neither these nor those."""
