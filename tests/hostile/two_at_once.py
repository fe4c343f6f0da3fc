"""One card in two sessions at the same time, on one meter server or on two."""

import copy
import threading

from psd_house import REFILL


def check_two_at_once(test, *addresses):
    """The same refill on each of these addresses at once: the card has one S1 for both, which is reserved once and
    credited once. Where one session was done before the other began, they are two refills, both paid for."""
    meter, lock, outcomes = test.in_operation(), threading.Lock(), {}
    sessions = [copy.copy(meter) for _ in addresses]  # keys of their own, but one memory: commands go to `meter`
    hosts = [test.opened(session, address) for session, address in zip(sessions, addresses)]

    def obey(apdu):
        with lock:
            return meter.obey(apdu)

    def run(at):
        sessions[at].obey = obey
        outcomes[at] = test.outcome(hosts[at], sessions[at], REFILL, 50000)
    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(addresses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    test.assertIn(None, outcomes.values())
    test.opened(meter).close()
    refills = meter.operation["sequence"]
    test.assertLessEqual(refills, len(addresses))
    test.assertEqual(meter.groups[0].control_total, 50000 * refills)
    test.balanced(meter)
    return refills
