"""What the tests of real processes share: a cluster that is torn down, and whose logs are printed on failure."""
import pytest

from support.cluster import Cluster


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.when == "call":
        item.call_failed = report.failed


@pytest.fixture
def cluster(tmp_path, request):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()
    if getattr(request.node, "call_failed", True):
        cluster.dump_logs()
