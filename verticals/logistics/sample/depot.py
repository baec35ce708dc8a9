"""A depot and its surroundings: carriers, customers, lanes, vehicles, drivers, items and sensors."""

from __future__ import annotations

from dataclasses import dataclass, field

from substrate.clock import DAY
from verticals.logistics.sample.book import Book

CITIES = (
    ("Hamburg", "DE"), ("Lyon", "FR"), ("Porto", "PT"), ("Gdansk", "PL"), ("Malmo", "SE"), ("Ghent", "BE"),
    ("Bilbao", "ES"), ("Turin", "IT"),
)  # fmt: skip
_GOODS = (
    "Insulin", "Saline", "Gloves", "Syringes", "Bandages", "Test kits", "Masks", "Serum", "Catheters", "Lancets",
)  # fmt: skip
_FAMILY = ("Costa", "Nowak", "Lindqvist", "Moreau", "Jansen", "Rossi", "Weber", "Silva")
_GIVEN = ("Ana", "Piotr", "Liam", "Chloe", "Daan", "Giulia", "Jonas", "Ines")
TRUCKS, ITEMS, SENSORS = 6, 20, 3
LOW, HIGH = 2.0, 8.0
_PLACES = "https://plumbline.example/places/"
"""Events name places by a URI, so that is their key."""


@dataclass(slots=True)
class Depot:
    """The ids of what stands around one depot."""

    book: Book
    place: str
    carriers: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)
    lanes: list[tuple[str, str, str, int]] = field(default_factory=list)
    """Lane, carrier, destination and its hours."""
    vendors: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    trucks: list[str] = field(default_factory=list)
    drivers: list[str] = field(default_factory=list)


def build(book: Book, customers: int) -> Depot:
    """The master data of a depot."""
    city, country = CITIES[book.number % len(CITIES)]
    place = book.add(
        "place", id=f"{_PLACES}depot-{book.number}", name=f"Depot {city} {book.number}", form="depot", country=country
    )
    depot = Depot(book, place)
    _parties(depot, customers)
    _lanes(depot, city)
    for number in range(TRUCKS):
        depot.trucks.append(truck(depot, service_in=30 + 20 * number))
        depot.drivers.append(driver(depot))
    for number in range(ITEMS):
        depot.items.append(item(depot, _GOODS[number % len(_GOODS)]))
    return depot


def truck(depot: Depot, *, service_in: float = 90.0, spare_km: int = 9_000, active: bool = True) -> str:
    """A truck with its papers in order."""
    book = depot.book
    ident = book.new_id("truck")
    odometer = 80_000 + book.random.randrange(200_000)
    book.add(
        "vehicle", id=ident, plate=f"PL {book.number}-{ident.rpartition('-')[2]}", form="truck",
        carrier=depot.carriers[0], home=depot.place, odometer_km=odometer, service_km=odometer + spare_km,
        service_at=book.now + int(service_in * DAY), active=active,
    )  # fmt: skip
    for form, days in (("inspection", 60), ("insurance", 200)):
        paper(depot, form, book.now + (days + book.random.randrange(90)) * DAY, vehicle=ident)
    return ident


def driver(depot: Depot, *, active: bool = True) -> str:
    """A driver with a licence in order."""
    book = depot.book
    ident = book.new_id("driver")
    name = f"{book.random.choice(_GIVEN)} {book.random.choice(_FAMILY)}"
    book.add("driver", id=ident, name=name, carrier=depot.carriers[0], home=depot.place, active=active)
    paper(depot, "driving_licence", book.now + (50 + book.random.randrange(900)) * DAY, driver=ident)
    return ident


def paper(depot: Depot, form: str, expires: int, *, replaced: int | None = None, **holder: str) -> str:
    """A paper of a vehicle or driver."""
    book = depot.book
    ident = book.new_id("paper")
    return book.add(
        "document", id=ident, form=form, number=f"N{ident}", issued_at=expires - 730 * DAY, expires_at=expires,
        replaced_at=replaced, **holder,
    )  # fmt: skip


def item(depot: Depot, name: str, *, active: bool = True) -> str:
    """An item that a vendor brings within a week."""
    book = depot.book
    ident = book.new_id("item")
    return book.add(
        "item", id=ident, sku=ident.upper(), name=f"{name} {ident.rpartition('-')[2]}", category="medical",
        unit="box", lead_days=7, vendor=book.random.choice(depot.vendors), active=active,
    )  # fmt: skip


def _parties(depot: Depot, customers: int) -> None:
    book = depot.book
    for name, weekends in (("Swift Road", True), ("Blue Parcel", False)):
        ident = f"carrier-{book.number}-{len(depot.carriers)}"
        depot.carriers.append(book.add("party", id=ident, name=name, form="carrier", active=True, weekends=weekends))
    for number in range(4):
        depot.vendors.append(
            book.add("party", id=book.new_id("vendor"), name=f"Supplier {book.number}-{number}", form="vendor")
        )
    for _ in range(customers):
        person = book.random.random() < 0.2
        name = f"{book.random.choice(_GIVEN)} {book.random.choice(_FAMILY)}"
        depot.customers.append(
            book.add(
                "party",
                id=book.new_id("customer"),
                name=name if person else f"{name} Ltd",
                form="customer",
                person=person,
                phone=f"+99 555 {book.random.randrange(10**6):06}",
                active=True,
            )
        )


def _lanes(depot: Depot, city: str) -> None:
    book = depot.book
    for number, (other, country) in enumerate(CITIES):
        ident = book.add(
            "place", id=f"{_PLACES}stop-{book.number}-{number}", name=f"{other} hub", form="depot", country=country
        )
        depot.destinations.append(ident)
        hours = 20 + 6 * number
        carrier = depot.carriers[number % 2]
        lane = book.add(
            "lane", id=f"lane-{book.number}-{number}", name=f"{city} to {other}", origin=depot.place,
            destination=ident, carrier=carrier, mode="road", planned_hours=hours,
        )  # fmt: skip
        depot.lanes.append((lane, carrier, ident, hours))
