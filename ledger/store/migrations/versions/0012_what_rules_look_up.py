"""Let rules find who may be there twice, a vendor's payouts, cash, and what the books claim, by index."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_DIGITS = "regexp_replace(phone, '[^0-9]', '', 'g')"
_LEGAL = "'\\m(M/?S|MESSRS|PVT|PRIVATE|LTD|LIMITED|LLP|CO|COMPANY|CORPORATION|INC|THE|AND)\\M'"
_SOUND = (
    f"regexp_replace(regexp_replace(regexp_replace(upper(name), {_LEGAL}, ' ', 'g'),"
    " '[^0-9B-DF-GJ-NP-TVXZ]+', '', 'g'), '([A-Z])\\1+', '\\1', 'g')"
)
_KEYS = {
    "phone_key": (
        f"CASE WHEN {_DIGITS} ~ '[0-9]{{10}}$' AND right({_DIGITS}, 10) !~ '^([0-9])\\1+$'"
        f" THEN right({_DIGITS}, 10) END",
        "last ten digits; null where they are all the same",
    ),
    "email_key": ("nullif(lower(btrim(email)), '')", "in small letters"),
    "sound_key": (
        f"CASE WHEN length({_SOUND}) >= 5 THEN {_SOUND} END",
        "how the name sounds: without legal form, vowels, H, W, Y and doubled letters; from five characters",
    ),
}


def upgrade() -> None:
    """Apply."""
    for name, (made, comment) in _KEYS.items():
        column = sa.Column(name, sa.Text(), sa.Computed(made, persisted=True), nullable=True, comment=comment)
        op.add_column("parties", column)
        op.create_index(f"parties_{name}", "parties", ["business_id", name], unique=False)
    op.create_index("parties_pan", "parties", ["business_id", "pan"], unique=False)
    op.create_index("payouts_party", "payouts", ["business_id", "party_id"], unique=False)
    op.create_index("claims_source", "claims", ["business_id", "source", "row_kind"], unique=False)
    op.create_index(
        "receipts_cash",
        "receipts",
        ["business_id", "party_id"],
        unique=False,
        postgresql_where=sa.text("method = 'cash'"),
    )
