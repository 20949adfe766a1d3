"""A page in headless Chromium: how it is opened, set and read."""

from __future__ import annotations

import shutil

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

SCRIPT = """
const slide = (id, value) => {
  const input = document.getElementById(`slider-${id}`);
  if (Number(input.value) === value) return;
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  if (Number(input.value) !== value) throw new Error(`${id} cannot be ${value}`);
};
const change = (id, name, value) => {
  const input = document.getElementById(id);
  if (input[name] === value) return;
  input[name] = value;
  input.dispatchEvent(new Event("change", { bubbles: true }));
};
const squares = (start) => [...document.querySelectorAll(`[data-key^="${start}"]`)];
const numbers = (start) => Object.fromEntries(
  squares(start).map((one) => [one.dataset.key, Number(one.firstChild.textContent)]));
"""

SLIDE = f"{SCRIPT}\nslide(...arguments);"
"""Moves one slider."""

SET = f"""{SCRIPT}
const layer = arguments[0];
change("apart", "checked", true);
change("transposed", "checked", layer.transposed);
change("bias", "checked", layer.bias);
if (!layer.transposed) change("mode", "value", layer.mode);
for (const name of ["channels", "outChannels"]) slide(name, layer[name]);
const pairs = ["size", "kernel", "stride", "dilation", "before", "after"];
if (layer.transposed) pairs.push("extra");
for (const name of pairs) layer[name].forEach((value, axis) => slide(`${{name}}-${{axis}}`, value));
for (let at = 0; at < 6; at++) {{
  const groups = document.querySelector('[data-id="groups"] output').textContent;
  if (Number(groups) < layer.groups) slide("groups", at);
}}
"""
"""Sets every slider and switch, as a hand would, to those of a layer."""

READ = f"""{SCRIPT}
const weights = {{}};
for (let out = 0; out < arguments[0]; out++) {{
  squares(`output:${{out}},`)[0].click();
  Object.assign(weights, numbers("weight:"));
}}
return {{ ...weights, ...numbers("input:"), ...numbers("bias:"), ...numbers("output:") }};
"""
"""Every number of the page by its key; kernels are shown for one output channel at a time."""


def chromium(profile):
    """Chromium with a new profile, driven by its own driver.

    Fails where it is missing: who asks for these tests wants them to run.
    """
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        pytest.fail("selenium is missing: make test-page installs it")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.fail("Chromium is missing: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900", "--lang=en"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


def look(driver, *, width=1280, dark=False):
    """Gives the page a screen of a width, light or dark."""
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def square(driver, key):
    """The square of a key, as "output:0,1,2"."""
    return driver.find_element("css selector", f'[data-key="{key}"]')


def keys(driver, kind):
    """The keys of all squares that are of a kind, as "read"."""
    script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.dataset.key)"
    return driver.execute_script(script, f".square.{kind}")


def text(driver, name):
    """What an element of the page says."""
    return driver.find_element("id", name).text


def arithmetic(driver, node=0):
    """The lines of what an output of a layer comes to."""
    card = driver.find_element("css selector", f'[data-node="{node}"] .arithmetic')
    return card.text
