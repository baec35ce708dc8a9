"""Staff at work in Tryton: a program of Tryton's own environment that does, line by line, what the tests ask for.

Each line of its input is a JSON list: what to do, and with what. Each line of its output is the JSON answer. It knows
nothing of Plumbline; it uses Tryton as its clients do.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from proteus import Model, config
from trytond.modules.company.tests.tools import create_company
from trytond.modules.currency.tests.tools import get_currency


class Office:
    """A trading firm with one warehouse."""

    def __init__(self, database: str) -> None:
        config.set_trytond(database).skip_warning = True

    def found(self) -> None:
        """Found the firm."""
        create_company(currency=get_currency("EUR"))

    def party(self, name: str, email: str = "") -> int:
        """Somebody to trade with."""
        party = Model.get("party.party")(name=name)
        if email:
            party.contact_mechanisms.new(type="email", value=email)
        party.save()
        return int(party.id)

    def product(self, name: str, code: str) -> int:
        """Something to trade with, counted in units."""
        (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
        template = Model.get("product.template")(name=name, code=code, type="goods")
        template.default_uom, template.purchasable, template.salable = unit, True, True
        template.list_price = Decimal(10)
        template.save()
        return int(template.products[0].id)

    def stock(self, product: int, quantity: float, days: int) -> None:
        """Goods come in from nowhere, as they do on the first day."""
        move = self._move(product, quantity, "SUP", "STO")
        move.effective_date = move.planned_date = _day(days)
        move.save()
        move.click("do")

    def reorder(self, product: int, least: float, target: float) -> int:
        """A reorder point in the warehouse."""
        point = Model.get("stock.order_point")(product=Model.get("product.product")(product), type="purchase")
        point.location, point.min_quantity, point.target_quantity = self._place("WH"), least, target
        point.save()
        return int(point.id)

    def ship(self, customer: int, product: int, quantity: float, days: int) -> int:
        """Promise goods to a customer, so many days from today."""
        shipment = Model.get("stock.shipment.out")(customer=Model.get("party.party")(customer))
        shipment.warehouse, shipment.planned_date = self._place("WH"), _day(days)
        shipment.outgoing_moves.append(self._move(product, quantity, "OUT", "CUS"))
        shipment.save()
        shipment.click("wait")
        return int(shipment.id)

    def plan(self, shipment: int, days: int) -> None:
        """Move the planned date of a shipment."""
        found = Model.get("stock.shipment.out")(shipment)
        found.click("draft")
        found.planned_date = _day(days)
        found.save()
        found.click("wait")

    def deliver(self, shipment: int) -> None:
        """Pick, pack and ship."""
        found = Model.get("stock.shipment.out")(shipment)
        found.click("assign_try")
        for step in ("pick", "pack", "ship", "do"):
            found.click(step)

    def cancel(self, shipment: int) -> None:
        """Call a shipment off."""
        Model.get("stock.shipment.out")(shipment).click("cancel")

    def delete(self, shipment: int) -> None:
        """Delete a shipment that was called off."""
        Model.get("stock.shipment.out")(shipment).delete()

    def buy(self, supplier: int, product: int, quantity: float, days: int) -> int:
        """Order goods that a supplier is to deliver so many days from today."""
        purchase = Model.get("purchase.purchase")(party=Model.get("party.party")(supplier))
        purchase.invoice_method = "manual"
        line = purchase.lines.new(product=Model.get("product.product")(product), quantity=quantity)
        line.unit_price, line.delivery_date_edit, line.delivery_date_store = Decimal(5), True, _day(days)
        purchase.purchase_date = _day(min(days, 0) - 1)
        purchase.save()
        purchase.click("quote")
        purchase.click("confirm")
        return int(purchase.id)

    def receive(self, purchase: int) -> None:
        """All goods of a purchase come in."""
        found = Model.get("purchase.purchase")(purchase)
        shipment = Model.get("stock.shipment.in")(supplier=found.party)
        for move in found.moves:
            shipment.incoming_moves.append(Model.get("stock.move")(move.id))
        shipment.save()
        shipment.click("receive")
        shipment.click("do")

    def _place(self, code: str) -> Any:
        (place,) = Model.get("stock.location").find([("code", "=", code)])
        return place

    def _move(self, product: int, quantity: float, origin: str, destination: str) -> Any:
        move = Model.get("stock.move")(product=Model.get("product.product")(product), quantity=quantity)
        move.from_location, move.to_location = self._place(origin), self._place(destination)
        move.unit_price, move.currency = Decimal(1), get_currency("EUR")
        return move


def _day(days: int) -> dt.date:
    return dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)


def main(database: str) -> None:
    """Do what standard input says until it ends."""
    office = Office(database)
    for line in sys.stdin:
        task, *arguments = json.loads(line)
        done: Callable[..., Any] = getattr(office, task)
        print(json.dumps({"answer": done(*arguments)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
