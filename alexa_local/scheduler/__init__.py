"""Who works next on a small processor: quanta of work with a class, a deadline and a measured cost.

Order(costs, slots)            the rules, pure: ask, next, done; time is an argument
Ladder(rungs)                  what is given up while work is late, and when it comes back
Meter()                        which share of a core each part used lately
Turns(order, ladder, …)        the rules for threads: `with turns.turn(name, kind, within_s)`
Unordered(meter)               the same without any rules
"""

from alexa_local.scheduler.costs import Costs
from alexa_local.scheduler.jobs import Job, Kind
from alexa_local.scheduler.ladder import Change, Ladder
from alexa_local.scheduler.meter import Meter
from alexa_local.scheduler.order import Order
from alexa_local.scheduler.turns import Turns, Unordered

__all__ = ["Change", "Costs", "Job", "Kind", "Ladder", "Meter", "Order", "Turns", "Unordered"]
