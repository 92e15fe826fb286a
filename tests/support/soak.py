"""What script/soak runs; its manual is there."""
import argparse
import shutil
import sys
import time

from support.cluster import ROOT
from support.loss import UnderLoss


def losses(text):
    udp, _, tcp = text.partition("/")
    return int(udp), int(tcp or 0)


def arguments():
    parser = argparse.ArgumentParser(prog="script/soak")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--nodes", type=int, default=10)
    parser.add_argument("--loss", type=losses, action="append", metavar="UDP/TCP")
    parser.add_argument("--without-serf", action="store_true")
    return parser.parse_args()


def table(clusters):
    print(f"{'cluster':<8} {'UDP %':>5} {'TCP %':>5} {'deaths':>7} {'suspicions':>10} {'refutations':>11} {'lost':>8} "
          f"{'CPU s/node/min':>14} {'MiB before':>10} {'now':>5}")
    for c in clusters:
        print(f"{c.kind:<8} {c.losses['udp_loss']:>5} {c.losses['tcp_loss']:>5} {len(c.deaths):>7} {c.suspicions:>10} "
              f"{c.refutations:>11} {c.lost:>8} {c.cpu:>14.3f} {c.memory_before / 1024:>10.1f} {c.memory / 1024:>5.1f}",
              flush=True)


def main():
    options = arguments()
    wanted = options.loss or [(10, 0), (20, 0), (30, 0), (25, 25)]
    directory = ROOT / "build/soak"
    shutil.rmtree(directory, ignore_errors=True)
    clusters = []
    try:
        for udp, tcp in wanted:
            # Serf is asked where the two are compared: with datagrams alone lost, neither may declare a death.
            for kind in ["hearsay"] + (["serf"] if tcp and not options.without_serf else []):
                clusters.append(UnderLoss(directory / f"{kind}-{udp}-{tcp}", kind, options.nodes, udp, tcp))
        for cluster in clusters:
            cluster.begin(options.minutes * 60)
        until = time.monotonic() + options.minutes * 60
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 60))
            for cluster in clusters:
                cluster.look()
            print(f"after {options.minutes - max(0, until - time.monotonic()) / 60:.1f} min:")
            table(clusters)
        faults = []
        for cluster in clusters:
            peers = [c for c in clusters if c.kind == "serf" and c.losses == cluster.losses]
            allowed = len(peers[0].deaths) if peers else 0
            if cluster.kind == "hearsay" and len(cluster.deaths) > allowed:
                faults.append(f"{cluster}; allowed: {allowed}")
                faults += cluster.deaths[:20]
        print("\n".join(["soak: failed", *faults]) if faults else "soak: passed")
        return 1 if faults else 0
    finally:
        for cluster in clusters:
            cluster.close()


if __name__ == "__main__":
    sys.exit(main())
