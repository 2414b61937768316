"""Whom the firm serves and buys from: fictitious names, registrations and habits of paying.

Phones begin with 555, which no Indian mobile does, and mail addresses end in .example: nobody can be reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

Channel = Literal["link", "neft", "bare", "imps", "upi", "cheque", "sums"]
"""How a customer pays: a gateway link, a transfer that names the bill, one that doesn't, or round sums."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STATE = "27"  # Maharashtra
_BANKS = ("HDFC", "SBIN", "UTIB", "KKBK", "BKID", "MAHB", "CNRB", "PUNB", "IDFB", "YESB")
OWNERS = ("ravi.jadhav", "ravi.jadhav", "ravi.jadhav", "sunita.more", "sunita.more")


@dataclass(frozen=True, slots=True)
class Habit:
    """How a customer pays: the way, how many days after the due date, whether he cuts TDS or post-dates cheques."""

    channel: Channel
    late: tuple[int, int]
    cuts_tds: bool = False
    postdates: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """A customer or vendor as the books know him; `base` is his usual monthly bill before GST, in paise."""

    code: str
    name: str
    kind: str
    gstin: str
    pan: str
    phone: str
    email: str
    terms_days: int | None
    base: int
    bank: str
    account: str
    owner: str = ""
    habit: Habit = Habit("neft", (0, 0))

    @property
    def ifsc(self) -> str:
        """The code of his bank's branch."""
        return f"{self.bank}0000{int(self.code[1:]) + 100:03d}"

    @property
    def vpa(self) -> str:
        """His UPI address."""
        return f"{self.email.split('@')[1].split('.')[0][:14]}@ok{self.bank.lower()}"

    def cut_name(self, size: int = 20) -> str:
        """Return his name as banks print it: capitals, cut, no dots."""
        return self.name.upper().replace(".", "").replace("&", "AND")[:size].strip()


_PROMPT, _FEW, _TWENTY, _FORTY = (-4, 2), (1, 8), (9, 19), (44, 60)
# name, kind, monthly base in rupees, credit days, how he pays, how late, marks: t cuts TDS, p post-dates
_CUSTOMERS: tuple[tuple[str, str, int, int | None, Channel, tuple[int, int], str], ...] = (
    ("Sharma Traders", "trader", 17_500, 30, "bare", _TWENTY, "t"),
    ("Gupta Steel Corporation", "steel", 42_000, 45, "neft", _FORTY, "t"),
    ("Deccan Heights Co-op Housing Society", "society", 24_000, 15, "link", _FEW, ""),
    ("Aarogya Multispeciality Hospital", "hospital", 64_000, 30, "neft", _TWENTY, "t"),
    ("Vidya Niketan High School", "school", 22_500, 30, "link", _FEW, ""),
    ("Indrayani Software Pvt Ltd", "it", 58_000, 30, "neft", _PROMPT, "t"),
    ("Mahalaxmi Textiles", "trader", 11_000, None, "sums", _TWENTY, ""),
    ("Karve Road Dental Clinic", "clinic", 7_500, 15, "link", _PROMPT, ""),
    ("Pawana Auto Components Pvt Ltd", "steel", 36_000, 45, "neft", _FEW, ""),
    ("Sai Prasad Apartments CHS", "society", 16_500, 15, "link", _FEW, ""),
    ("Balaji Hardware Stores", "trader", 8_200, 30, "cheque", _TWENTY, ""),
    ("Shree Ganesh Sweets", "trader", 6_400, None, "upi", _FEW, ""),
    ("Lokmanya Maternity Home", "hospital", 19_800, 30, "link", _TWENTY, ""),
    ("Bluepeak Technologies LLP", "it", 31_000, 30, "neft", _PROMPT, ""),
    ("Rajgad Engineering Works", "steel", 27_500, 45, "cheque", _FEW, "p"),
    ("New Horizon English School", "school", 26_000, 30, "neft", _TWENTY, ""),
    ("Patil Brothers Provision Store", "trader", 5_600, 15, "link", _FEW, ""),
    ("Green Acres Residency CHS", "society", 29_500, 15, "link", _FEW, ""),
    ("Surya Diagnostics Centre", "clinic", 13_400, 30, "imps", _FEW, ""),
    ("Konark Tube Industries", "steel", 38_500, 45, "neft", _FORTY, ""),
    ("Mehta & Sons Electricals", "trader", 9_800, 30, "sums", _TWENTY, ""),
    ("Sanjeevani Eye Hospital", "hospital", 21_000, 30, "neft", _FEW, ""),
    ("Aundh Palms Co-op Housing Society", "society", 18_700, 15, "link", _FEW, ""),
    ("Codewell Infosystems Pvt Ltd", "it", 47_000, 30, "neft", _FEW, "t"),
    ("Joshi Caterers", "trader", 7_900, 15, "upi", _FEW, ""),
    ("Jijamata Girls School", "school", 14_500, 30, "cheque", _TWENTY, ""),
    ("Krishna Cold Storage", "trader", 20_500, 30, "bare", _FEW, ""),
    ("Shivneri Forge Pvt Ltd", "steel", 44_000, 45, "neft", _TWENTY, ""),
    ("Riverside Grande CHS", "society", 33_000, 15, "link", _PROMPT, ""),
    ("Wellness First Physiotherapy", "clinic", 5_200, None, "link", _FEW, ""),
    ("Nandini Dairy Products", "trader", 12_600, 30, "imps", _FEW, ""),
    ("Matrix Data Services Pvt Ltd", "it", 39_000, 30, "bare", _PROMPT, ""),
    ("Bharat Paper Mart", "trader", 6_900, 30, "sums", _TWENTY, ""),
    ("Omkar Residency CHS", "society", 12_900, 15, "link", _FEW, ""),
    ("Modern Public School", "school", 23_800, 30, "link", _FEW, ""),
    ("Pune Precision Castings", "steel", 25_500, 45, "neft", _FEW, ""),
    ("Ashirwad Nursing Home", "hospital", 15_200, 30, "link", _FEW, ""),
    ("Laxmi Jewellers", "trader", 8_800, 15, "link", _PROMPT, ""),
    ("Skyline Business Centre", "office", 52_000, 30, "neft", _FEW, ""),
    ("Vaibhav Garments", "trader", 7_200, None, "cheque", _FEW, ""),
    ("Cloudnine Coworking LLP", "office", 34_500, 30, "link", _PROMPT, ""),
    ("Sahakar Nagar CHS Phase 2", "society", 14_800, 15, "link", _FEW, ""),
    ("Tirupati Agencies", "trader", 6_100, 30, "bare", _TWENTY, ""),
    ("Nisarg Ayurveda Chikitsalaya", "clinic", 9_400, 30, "upi", _FEW, ""),
    ("Deshmukh Motors", "trader", 18_200, 30, "neft", _FEW, ""),
    ("Orchid Lawns & Banquets", "hotel", 27_800, 15, "link", _TWENTY, ""),
    ("Hotel Panchgani Residency", "hotel", 30_500, 30, "bare", _FEW, ""),
    ("Suvarna Gold Loans", "office", 10_400, 30, "imps", _PROMPT, ""),
    ("Quantum Learning Academy", "school", 16_900, 15, "link", _FEW, ""),
    ("Maruti Cement Depot", "trader", 9_100, 30, "sums", _FORTY, ""),
    ("Prabhat Printers", "trader", 5_900, 15, "link", _FEW, ""),
    ("Sinhagad Logistics Pvt Ltd", "office", 35_000, 30, "neft", _FEW, ""),
    ("Anand Bhavan Restaurant", "hotel", 8_600, 15, "upi", _FEW, ""),
    ("Jupiter Polymers Pvt Ltd", "steel", 28_600, 45, "bare", _FEW, ""),
    ("Shanti Sadan Senior Living", "society", 24_700, 30, "link", _FEW, ""),
    ("Metro Medical Stores", "trader", 4_800, 15, "link", _PROMPT, ""),
    ("Vishwakarma Fabricators", "steel", 17_300, 45, "cheque", _FORTY, ""),
    ("Netra Optics", "clinic", 6_600, None, "link", _FEW, ""),
    ("Hill View Plaza Owners Association", "society", 21_900, 15, "neft", _FEW, ""),
    ("Zenith Analytics Pvt Ltd", "it", 29_000, 30, "bare", _FEW, ""),
)
# name, what he sells, usual bill before GST in rupees, credit days
_VENDORS: tuple[tuple[str, str, int, int], ...] = (
    ("Clean India Chemicals", "Housekeeping chemicals", 38_000, 30),
    ("Saraswati Uniforms", "Staff uniforms", 17_000, 30),
    ("Om Sai Manpower Services", "Relief staff", 68_000, 15),
    ("Ganga Pest Control Supplies", "Pest control material", 14_500, 30),
    ("Kirloskar Lane Pump Repairs", "Pump spares and repairs", 9_800, 15),
    ("Apex Security Equipment", "CCTV and torches", 12_500, 30),
    ("Shubham Tissue & Paper", "Tissue and garbage bags", 21_000, 30),
    ("Deccan Fuel Station", "Diesel for vehicles", 26_000, 15),
    ("Pooja Facility Machines", "Scrubber hire", 19_500, 30),
    ("Chinmay Telecom", "Mobile plans of supervisors", 6_800, 15),
    ("Narayan Peth Properties", "Office rent", 45_000, 7),
    ("Wagh Electricals", "Lamps and wire", 8_900, 30),
)
_PAN_LETTER = {"society": "A", "school": "T", "steel": "C", "it": "C"}


def customers(seed: int) -> tuple[Party, ...]:
    """Return the firm's sixty customers."""
    rng = Random(f"{seed}:customers")  # noqa: S311 - a model of chance, no secret
    made = []
    for number, (name, kind, rupees, terms, channel, late, marks) in enumerate(_CUSTOMERS, 1):
        gstin, pan = _registration(rng, name, kind)
        made.append(
            Party(
                code=f"C{number:03d}",
                name=name,
                kind=kind,
                gstin=gstin,
                pan=pan,
                phone=f"+915550{number:06d}",
                email=f"accounts@{_domain(name)}.example",
                terms_days=terms,
                base=rupees * 100,
                bank=rng.choice(_BANKS),
                account=str(rng.randrange(10**13, 10**14)),
                owner=rng.choice(OWNERS),
                habit=Habit(channel, late, cuts_tds="t" in marks, postdates="p" in marks),
            )
        )
    return tuple(made)


def vendors(seed: int) -> tuple[Party, ...]:
    """Return the firm's twelve vendors."""
    rng = Random(f"{seed}:vendors")  # noqa: S311 - a model of chance, no secret
    made = []
    for number, (name, kind, rupees, terms) in enumerate(_VENDORS, 1):
        gstin, pan = _registration(rng, name, "")
        made.append(
            Party(
                code=f"V{number:03d}",
                name=name,
                kind=kind,
                gstin=gstin,
                pan=pan,
                phone=f"+915551{number:06d}",
                email=f"billing@{_domain(name)}.example",
                terms_days=terms,
                base=rupees * 100,
                bank=rng.choice(_BANKS),
                account=str(rng.randrange(10**13, 10**14)),
            )
        )
    return tuple(made)


def _registration(rng: Random, name: str, kind: str) -> tuple[str, str]:
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTUV") for _ in range(3))
    entity = _PAN_LETTER.get(kind) or ("C" if "Pvt" in name else "F")
    pan = f"{letters}{entity}{name[0].upper()}{rng.randrange(1000, 9999)}{rng.choice('ABCDEFGHJKLMNPQRSTU')}"
    stem = f"{_STATE}{pan}1Z"
    return stem + gstin_check(stem), pan


def gstin_check(stem: str) -> str:
    """Return the check character (mod 36) of the first fourteen characters of a GSTIN."""
    total = 0
    for place, character in enumerate(stem):
        product = _ALPHABET.index(character) * (2 if place % 2 else 1)
        total += product // 36 + product % 36
    return _ALPHABET[-total % 36]


def _domain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())[:22]
