"""What every page of ours must be, whoever uses it and however: checked in the browser itself."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import ConsoleMessage, Page

# WCAG 2.2: 1.1.1, 1.3.1, 1.4.3 (AA), 2.4.2, 2.4.4, 3.1.1, 4.1.2, as far as a script can tell.
_LOOK = """
() => {
  const found = [];
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility();
  };
  const say = (what, element) => found.push(`${what}: ${element.outerHTML.slice(0, 160)}`);
  const named = (element) => (element.getAttribute('aria-label') || element.textContent || '').trim()
    || [...element.querySelectorAll('img[alt]')].some((image) => image.alt.trim());

  if (!document.documentElement.lang) found.push('no language');
  if (!document.title.trim()) found.push('no title');
  const heads = document.querySelectorAll('h1').length;
  if (heads !== 1) found.push(`${heads} elements h1`);
  if (document.querySelectorAll('main').length !== 1) found.push('not one main');
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) found.push(`id twice: ${id}`);
  for (const image of document.images) {
    if (!image.hasAttribute('alt')) say('image without alt', image);
    if (image.complete && image.naturalWidth === 0) say('image that does not load', image);
  }
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (!field.labels.length && !field.getAttribute('aria-label')) say('field without a label', field);
    for (const id of (field.getAttribute('aria-describedby') || '').split(' ').filter(Boolean)) {
      if (!document.getElementById(id)) say('described by nothing', field);
    }
  }
  for (const link of document.querySelectorAll('a[href], button')) {
    if (!named(link) && !link.closest('[aria-hidden=true]')) say('link or button without a name', link);
  }
  for (const element of document.querySelectorAll('[style], script:not([src])')) say('inline', element);
  if (document.documentElement.scrollWidth > innerWidth + 1) {
    found.push(`wider than the screen: ${document.documentElement.scrollWidth} of ${innerWidth}`);
  }

  const channels = (color) => {
    const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const light = (rgb) => rgb
    .map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, a } = channels(getComputedStyle(at).backgroundColor);
      if (a === 1) return rgb;
    }
    return [255, 255, 255];
  };
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !seen(element) || element.closest('[disabled], option, noscript')) continue;
    const style = getComputedStyle(element);
    const [one, two] = [light(channels(style.color).rgb), light(ground(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, element);
  }
  return found;
}
"""


# Rules of WCAG 2.2, A and AA, and axe's own best practices; minor matters are left to people.
_AXE = """
async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations
    .filter((rule) => rule.impact !== 'minor')
    .flatMap((rule) => rule.nodes.map((node) => `${rule.impact} ${rule.id}: ${rule.help}: ${node.html.slice(0, 200)}`));
}
"""


async def check_basics(page: Page) -> None:
    """Language, title, one heading, labels, names, alternative texts, contrast, width; and all that axe finds.

    Raises:
        AssertionError: something is missing; the message lists all of it.
    """
    found = await page.evaluate(_LOOK)
    # Without scripts axe would wait for ever; the page is the same but for what scripts add to it.
    if await page.evaluate("document.documentElement.classList.contains('script')"):
        await page.evaluate(AXE_SCRIPT)
        found += await page.evaluate(_AXE)
    assert found == [], f"{page.url}: " + "\n".join(found)


def watch_console(page: Page) -> list[str]:
    """A list that fills with what the browser complains of: errors of scripts, refused content."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A page that answers 4xx or 503 on purpose is no complaint of its content.
        if message.type in ("error", "warning") and "the server responded with a status" not in message.text:
            complaints.append(f"{page.url}: {message.text}")

    def fail(error: Any) -> None:
        complaints.append(f"{page.url}: {error}")

    page.on("console", hear)
    page.on("pageerror", fail)
    return complaints
