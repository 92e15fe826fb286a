"""`hearsay sim cluster` writes its results: a page that is well-formed and needs nothing else, CSV, JSON."""

import csv
import json
import subprocess
import xml.etree.ElementTree as xml
from html.parser import HTMLParser

from support.cluster import HEARSAY, ROOT

VOID = {"meta", "br", "hr", "link", "img", "input"}


def run(*words, **options):
    return subprocess.run([str(HEARSAY), "sim", "cluster", *words], capture_output=True, text=True, timeout=120, **options)


class Page(HTMLParser):
    """Every tag is closed in order; keeps texts, plots and what refers to elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.open, self.refers, self.headings, self.tags = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.refers += [value for name, value in attributes if name in ("src", "href", "action", "data")]

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, text):
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append(text)


WORDS = ["--nodes", "30", "--for", "60s", "--crash", "7@10s", "--pause", "3@20s+12s", "--tags", "5@30s", "--leave",
         "9@40s", "--loss", "0.02", "--seed", "3"]


def test_the_page_is_whole_and_stands_alone(tmp_path):
    page, table = tmp_path / "report.html", tmp_path / "traffic.csv"
    done = run(*WORDS, "--format", "json", "--report", str(page), "--csv", str(table))
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    parsed = Page(text)
    assert not parsed.refers and "script" not in parsed.tags and "url(" not in text and "@import" not in text
    headings = " ".join(parsed.headings)
    for part in ("What was asked", "How a crash came to be known", "How a change came to be known", "Who knew what",
                 "Traffic", "Mistakes", "n7, as the others showed it", "n3, as the others showed it"):
        assert part in headings, part
    plots = [text[at:text.index("</svg>", at) + 6] for at in range(len(text)) if text.startswith("<svg", at)]
    assert len(plots) >= 6
    for plot in plots:
        assert xml.fromstring(plot).get("aria-label")
        assert "nan" not in plot and "inf" not in plot
    assert "--seed 3" in text, "the command that repeats it"
    figures = json.loads(done.stdout)
    assert figures["detection"]["detected_by"] == figures["detection"]["observers"] == 27
    assert figures["trace_hash"] in text
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == 60 and float(rows[-1]["to_s"]) == 60
    mean = sum(float(row["bytes"]) * float(row["node_s"]) for row in rows) / sum(float(row["node_s"]) for row in rows)
    assert abs(mean - figures["bytes_per_node_s"]) < 0.05 * figures["bytes_per_node_s"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["report.html", "traffic.csv"]


def test_csv_and_json_hold_the_same_figures():
    words = ["--nodes", "5", "--for", "20s", "--crash", "2@5s"]
    names, values = run(*words, "--format", "csv").stdout.splitlines()
    row = dict(zip(names.split(","), values.split(","), strict=True))
    figures = json.loads(run(*words, "--format", "json").stdout)
    assert row["trace_hash"] == figures["trace_hash"]
    assert float(row["detection.median_s"]) == figures["detection"]["median_s"]
    assert int(row["counters.probes"]) == figures["counters"]["probes"]
    assert float(row["sent.ping.bytes_per_node_s"]) == figures["sent"]["ping"]["bytes_per_node_s"]


def test_a_plan_is_a_test_of_its_own():
    plan = "examples/scenarios/crash.toml"
    done = run(plan, "--figures", "agreed", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    text = (ROOT / plan).read_text()
    line = text[:text.index("detection.all_s =")].count("\n") + 1
    done = run(plan, "--set", "swim.suspicion_mult=12", "--format", "json", cwd=ROOT)
    assert done.returncode == 3
    assert f"{plan}:{line}: expect.detection.all_s: it is " in done.stderr and done.stderr.count("\n") == 1
    figures = json.loads(done.stdout)
    assert figures["expected"] is False and figures["detection"]["all_s"] > 15
    assert [one["met"] for one in figures["expectations"]] == [False, True, True]


def test_what_cannot_be_written_is_refused_before_the_run(tmp_path):
    done = run("--nodes", "100", "--for", "240h", "--report", str(tmp_path / "nowhere" / "page.html"))
    assert done.returncode == 1
    assert "nowhere/page.html: No such file or directory" in done.stderr and "make its directory first" in done.stderr
    same = str(tmp_path / "same")
    assert "name two files" in run("--report", same, "--csv", same).stderr
    assert not list(tmp_path.iterdir())
