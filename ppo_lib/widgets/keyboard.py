"""Keys that press buttons, in the browser and with nothing installed there."""

import ipywidgets

# Runs in the page once the image is loaded: the one way for ipywidgets.HTML to bring a program. A key that a button of
# the box claims by its class clicks that button; a key that is held counts once. JupyterLab would take the arrow keys
# for itself, were it not for the attribute that keeps its shortcuts out of the box.
LISTEN = """
(function listen(image) {
  const box = image.closest('.listens-to-keys');
  if (!box) { setTimeout(listen, 50, image); return; }
  box.tabIndex = 0;
  box.setAttribute('data-lm-suppress-shortcuts', 'true');
  box.onkeydown = event => {
    const button = box.querySelector('.pressed-by-' + event.code);
    if (!button) return;
    event.preventDefault();
    box.focus({preventScroll: true});
    if (!event.repeat) button.click();
  };
})(this)
"""
ONE_PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="


def connect_keys(box, buttons, hint) -> ipywidgets.HTML:
    """Let keys press buttons while the focus is in `box`: after a click anywhere in it.

    Args:
        box: the widget that holds the buttons and the HTML which is returned.
        buttons: {code of a key in the browser's words, such as "ArrowUp": ipywidgets.Button}.
        hint: what the returned HTML says.
    """
    box.add_class("listens-to-keys")
    for code, button in buttons.items():
        button.add_class(f"pressed-by-{code}")
    return ipywidgets.HTML(f'{hint}<img src="{ONE_PIXEL}" onload="{LISTEN}">')
