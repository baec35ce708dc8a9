"""Databases of houses that Plumbline has never seen: a school's, made by hand, and one like Odoo's."""

from __future__ import annotations

from sqlalchemy import create_engine, text

SCHOOL = (
    "CREATE TABLE teachers (id INTEGER PRIMARY KEY, name TEXT, mail TEXT, active BOOLEAN)",
    "CREATE TABLE classes (id INTEGER PRIMARY KEY, name TEXT, room TEXT, teacher_id INTEGER REFERENCES teachers (id))",
    "CREATE TABLE pupils (id INTEGER PRIMARY KEY, pupil_no TEXT, name TEXT, dob DATE, mail TEXT, diagnosis_code TEXT, "
    "class_id INTEGER REFERENCES classes (id), updated_at TIMESTAMP, created_at TIMESTAMP)",
    "CREATE TABLE canteen (dish TEXT, price NUMERIC(6,2))",
    "INSERT INTO teachers VALUES (1, 'Nauczycielska', 'n@school.example', TRUE)",
    "INSERT INTO classes VALUES (1, '7b', 'R 12', 1)",
    *(
        f"INSERT INTO pupils VALUES ({number}, 'P{number}', 'Uczniowski{number}', '2012-04-0{number}', "
        f"'u{number}@home.example', 'F81', 1, {stamp}, '2026-01-02 08:00:00')"
        for number, stamp in ((1, "'2026-02-01 10:00:00'"), (2, "NULL"), (3, "'2026-02-01 10:05:00'"))
    ),
    "INSERT INTO canteen VALUES ('soup', 3.50)",
)

ODOO = (
    "CREATE TABLE res_partner (id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT, active BOOLEAN, "
    "create_date TIMESTAMP, write_date TIMESTAMP)",
    "CREATE TABLE stock_picking (id INTEGER PRIMARY KEY, name TEXT, state TEXT, scheduled_date TIMESTAMP, "
    "date_done TIMESTAMP, carrier_tracking_ref TEXT, partner_id INTEGER REFERENCES res_partner (id), "
    "create_date TIMESTAMP, write_date TIMESTAMP)",
    "CREATE TABLE purchase_order (id INTEGER PRIMARY KEY, name TEXT, state TEXT, date_order TIMESTAMP, "
    "date_planned TIMESTAMP, amount_total NUMERIC(12,2), vendor_id INTEGER REFERENCES res_partner (id), "
    "create_date TIMESTAMP, write_date TIMESTAMP)",
    "CREATE TABLE mail_message (id INTEGER PRIMARY KEY, body TEXT, author_id INTEGER REFERENCES res_partner (id))",
    "INSERT INTO res_partner VALUES (1, 'Kowalska', 'k@home.example', '123', TRUE, "
    "'2026-01-01 08:00:00', '2026-01-01 08:00:00')",
    *(
        f"INSERT INTO stock_picking VALUES ({number}, 'OUT/{number}', '{state}', '2026-02-0{number} 12:00:00', NULL, "
        f"'T{number}', 1, '2026-01-01 08:00:00', '2026-01-02 08:00:00')"
        for number, state in enumerate(["draft", "assigned", "assigned", "done", "done", "cancel", "cancel"], 1)
    ),
    *(
        f"INSERT INTO purchase_order VALUES ({number}, 'PO{number}', '{state}', '2026-01-0{number} 12:00:00', "
        f"'2026-02-0{number} 12:00:00', 12.50, 1, '2026-01-01 08:00:00', '2026-01-02 08:00:00')"
        for number, state in enumerate(["draft", "purchase", "purchase", "cancel", "cancel"], 1)
    ),
    "INSERT INTO mail_message VALUES (1, 'Dear Mrs Kowalska', 1)",
)


def made(url: str, statements: tuple[str, ...]) -> str:
    """The address, once the database holds what the statements make."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
    return url
