"""From a sample organisation to the page that a manager reads, in a real browser."""

import json
import re
import shutil
import struct
import subprocess
import sys

import pytest

CONFIG = """
[organisation]
name = "Contoso"
timezone = "Europe/London"

[[sources]]
name = "sample"
type = "sample"
people = 80
weeks = 26
"""

WIDTHS = (320, 390, 768, 1440)

# the page itself runs no script: this one looks at it from outside
PROBE = """<!doctype html><body><iframe id=f style="border:0;height:900px"></iframe><pre id=out></pre><script>
const frame = document.getElementById("f"), found = {};
const reached = e => { e.focus(); return e.ownerDocument.activeElement === e; };
async function look() {
  for (const width of %s) {
    frame.style.width = width + "px";
    await new Promise(done => { frame.onload = done; frame.src = "report.html"; });
    const page = frame.contentDocument, shown = page.querySelector("h1").getBoundingClientRect();
    found[width] = {
      page: page.documentElement.scrollWidth,
      heading: shown.right,
      pictures: [...page.querySelectorAll("figure svg")].filter(s => s.getBoundingClientRect().height > 50).length,
      focus: [...page.querySelectorAll("a, summary, [tabindex]")].filter(reached).length,
    };
  }
  document.getElementById("out").textContent = JSON.stringify(found);
}
look();
</script></body>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with `report.html` of a sample organisation, made by the program as a user calls it."""
    path = tmp_path_factory.mktemp("report")
    config = path / "analyser.toml"
    config.write_text(CONFIG, encoding="utf-8")
    for verb in (["scan"], ["analyse"], ["report", "--out", str(path / "report.html")]):
        subprocess.run([sys.executable, "-m", "analyser", "--config", str(config), *verb], check=True)
    return path


def browse(folder, page, *options):
    """Open a page in a browser without a network; what it printed, and what it complained of."""
    browser = shutil.which("chromium")
    assert browser, "chromium is not installed: apt-get install chromium"
    profile = folder / "profile"
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
        "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}", *options, (folder / page).as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, complaints


def test_the_page_of_a_sample_organisation_opens_and_breaks_no_rule_of_its_own(folder):
    picture = folder / "report.png"
    _, complaints = browse(folder, "report.html", "--window-size=1440,3000", f"--screenshot={picture}")
    assert complaints == []
    content = picture.read_bytes()
    assert struct.unpack(">II", content[16:24]) == (1440, 3000)
    assert len(content) > 100_000, "the picture is nearly blank"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert len(page) < 2_000_000
    assert re.search(r"<h1>\w+ spaces? would serve \d+% of the group mail", page)


def test_the_page_fits_phones_and_desks_and_the_keyboard_reaches_everything(folder):
    (folder / "probe.html").write_text(PROBE % json.dumps(WIDTHS), encoding="utf-8")
    shown, complaints = browse(
        folder, "probe.html", "--allow-file-access-from-files", "--virtual-time-budget=30000", "--dump-dom"
    )
    assert complaints == []
    found = json.loads(re.search(r'<pre id="out">(.*?)</pre>', shown, re.DOTALL)[1])
    for width in WIDTHS:
        seen = found[str(width)]
        assert seen["page"] <= width, f"scrolls sideways at {width} pixels"
        assert seen["heading"] <= width
        assert seen["pictures"] >= 4
        assert seen["focus"] >= 20
