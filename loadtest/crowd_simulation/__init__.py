"""Fixed thresholds against forecasts, simulated on the audiences of real shows.

    python -m loadtest.crowd_simulation FOLDER [--seeds 5]

``FOLDER`` has curves and run-downs by the minute, as ``grandstand forecast`` reads them, named by
edition and year (``agdq2020.csv``, ``agdq2020.rundown.csv``). Those from 2020 on are tried, which
no weight was learnt from; each has the editions before it as its past. Prints a table and writes
``loadtest/results/crowd_simulation.json``.

The model: as many come in each five seconds as the curve asks for (Poisson), and a viewer stays for
50 minutes on average, or less where the curve falls faster. The curve is scaled so that its highest
minute fills ``PEAK`` seats. A process has 5,000 seats and is ready some minutes after it was asked
for; it is given back after half an hour of less (deploy/chart). How many there should be is decided
every 15 s by one number for each process: the viewers who are there (thresholds), or p90 of those
expected (forecast). Who finds no seat is refused and tries again after 10 s, three times, or stands
in a line that people leave after two minutes on average.

What is counted: ``short_s``, seconds in which more want to be in than there are seats; ``refused``
handshakes; ``gave_up``, viewers who never came in; ``waited``, viewers who came in after more than
10 s; ``hours`` of processes, which is what it costs. A policy that keeps more seats free is better
and costs more, so each forecast is laid beside what thresholds have for the same hours: the line
between the two whose hours are next to it.
"""
