#!/usr/bin/env python
"""A gocart plugin: every alert is in the lineage explorer as soon as gocart has written it.

Copy this file into ``~/.config/gocart/plugins`` and listen with ``gocart -p listen``. gocart runs
every file there whose name begins with ``gp_``, with the directory of the alert as its argument,
and waits for it; it prints what comes on standard output, and takes anything on standard error for
a failure of the plugin.

``lineage`` may live in another environment than gocart: LINEAGE_COMMAND says where.
"""

import os
import subprocess
import sys

PATIENCE_S = 300


def main(alert_directory):
    """Imports what gocart wrote for one alert."""
    command = [os.environ.get("LINEAGE_COMMAND", "lineage"), "import", alert_directory]
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        # the alert stays on the disk: the next import, or a watch, takes it
        print(f"lineage: {alert_directory} was not imported ({error}).")
        return
    print(done.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
