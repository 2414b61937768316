"""Names of firms and their owners as a town has them, and what banks and people make of them."""

from __future__ import annotations

from random import Random

_FIRST = (
    "Sharma", "Gupta", "Patil", "Joshi", "Khan", "Mehta", "Deshmukh", "Kulkarni", "Agarwal", "Jain", "Shah", "Reddy", "Iyer",
    "Naidu", "Chauhan", "Bhosale", "Gaikwad", "Pawar", "Shinde", "Malhotra", "Bansal", "Goyal", "Verma", "Yadav", "Thakkar", "Solanki",
    "Rathod", "Pillai", "Nair", "Fernandes", "D'Souza", "Qureshi", "Ansari", "Sheikh", "Bhatt", "Trivedi", "Kapoor", "Arora", "Singhal",
    "Mahajan",
)  # fmt: skip
_SAINT = (
    "Shree Balaji", "Sai Krupa", "Om Sai", "Shree Ganesh", "Jai Bhavani", "Mahalaxmi", "New Bharat", "National", "Royal", "Metro",
    "City", "Star", "Super", "Modern", "Vishal", "Krishna", "Laxmi", "Ambika", "Siddhivinayak", "Annapurna", "Ashirwad", "Gayatri",
    "Maruti", "Tirupati", "Venkateshwara", "Durga", "Everest", "Sagar", "Deccan", "Konkan", "Sahyadri", "Narmada", "Godavari", "Jupiter",
    "Apex", "Zenith", "Prime", "Unique", "Classic", "Bombay",
)  # fmt: skip
_KINDS = {
    "trade": ("Traders", "Enterprises", "Agencies", "Steel", "Hardware", "Electricals", "Sales Corporation", "Trading Co", "& Sons",
              "Brothers", "Industries", "Polymers Pvt Ltd", "Engineering Works", "Paper Mart", "Cement Depot"),
    "retail": ("Kirana Stores", "General Stores", "Medical", "Provision", "Super Market", "Bakery", "Dairy", "Pan Shop", "Novelty",
               "Stationery", "Mobile Shop", "Sweets", "Chemist"),
    "works": ("Infra Pvt Ltd", "Builders", "Developers LLP", "Constructions", "Realty Pvt Ltd", "Co-op Housing Society", "Hospital",
              "Infosystems Pvt Ltd", "Textile Mills Ltd", "Foods Pvt Ltd", "Logistics Pvt Ltd"),
}  # fmt: skip
_GIVEN = (
    "Ramesh", "Suresh", "Mahesh", "Rajesh", "Anil", "Sunil", "Vijay", "Ajay", "Sanjay", "Prakash", "Deepak", "Ashok", "Imran", "Salim",
    "Farhan", "Kavita", "Sunita", "Anita", "Rekha", "Pooja", "Nitin", "Sachin", "Rahul", "Amit", "Vikas", "Ganesh", "Dinesh", "Harish",
)  # fmt: skip
_GOVERNMENT = (
    "Executive Engineer PWD", "Zilla Parishad Pune", "Municipal Corporation Nashik", "MSEDCL Circle Office",
    "District Civil Hospital", "Govt Polytechnic",
)  # fmt: skip
OWN_BANKS = ("HDFC", "SBIN", "UTIB", "KKBK", "BKID", "MAHB", "CNRB", "PUNB", "IDFB", "YESB", "UBIN", "BARB")


def firm_name(chance: Random, line: str, taken: set[str]) -> tuple[str, str]:
    """Return the name of a customer that no other has, and its owner's name."""
    while True:
        surname = chance.choice(_FIRST)
        owner = f"{chance.choice(_GIVEN)} {chance.choice(_GIVEN)[0]} {surname}"
        stem = surname if chance.random() < 0.5 else chance.choice(_SAINT)
        name = f"{stem} {chance.choice(_KINDS[line])}"
        if name not in taken:
            taken.add(name)
            if stem != surname and chance.random() < 0.5:
                owner = f"{chance.choice(_GIVEN)} {chance.choice(_FIRST)}"
            return name, owner


def government(chance: Random, taken: set[str]) -> str:
    """Return a government buyer that the firm has not yet."""
    name = chance.choice([one for one in _GOVERNMENT if one not in taken] or ["Nagar Parishad Office"])
    taken.add(name)
    return name


def twin_of(name: str) -> str:
    """Return the name of another firm that is nearly the same."""
    stem, _, rest = name.rpartition(" ")
    changed = {"Traders": "Trading Co", "Stores": "Store", "Enterprises": "Enterprise"}.get(rest, "Agencies")
    return f"{stem.replace('Shree', 'Shri').replace('Laxmi', 'Lakshmi')} {changed}"


def as_banks_write(chance: Random, name: str, owner: str) -> tuple[str, str]:
    """Return a name as one bank prints it for ever, and whose it is: `firm` or `owner`."""
    plain = name.upper().replace(".", "").replace("'", "").replace("&", "AND")
    way = chance.random()
    if way < 0.40:
        return plain[:20].strip(), "firm"
    if way < 0.52:
        return plain.replace(" ", "")[:20], "firm"
    if way < 0.66:
        return f"M/S {plain}"[:20].strip(), "firm"
    if way < 0.76:
        return plain[:32].strip(), "firm"
    return owner.upper().replace("'", "")[: chance.choice((20, 25))].strip(), "owner"


def vpa_of(chance: Random, name: str, owner: str) -> tuple[str, str]:
    """Return a UPI address, and whose name it shows: `firm`, `owner` or `none`."""
    bank = chance.choice(("okhdfcbank", "oksbi", "okicici", "ybl", "paytm", "axl", "ibl"))
    letters = "".join(filter(str.isalnum, name.lower()))[:14]
    given = owner.lower().split()
    way = chance.random()
    if way < 0.35:
        return f"{letters}@{bank}", "firm"
    if way < 0.65:
        return f"{given[0]}{given[-1]}{chance.randrange(10, 99)}@{bank}".replace("'", ""), "owner"
    return f"{chance.randrange(7_000_000_000, 9_999_999_999)}@{bank}", "none"


def gstin_stem(chance: Random, name: str) -> str:
    """Return the first fourteen characters of a made-up GSTIN of Maharashtra."""
    letters = "".join(chance.choice("ABCDEFGHKLMNPRSTUV") for _ in range(3))
    return (
        f"27{letters}F{name[0].upper()}{chance.randrange(1000, 9999)}{chance.choice('ABCDEFGHJKLMNPQRSTU')}1Z"
    )
