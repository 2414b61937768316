"""Raw bodies are sealed, each with a key of its own that lies apart: without the key nobody reads it again."""

import os

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

revision = "0026"
down_revision = "0025"
_NONCE = bytes(12)
_AT_ONCE = 200


def upgrade() -> None:
    """Apply; bodies that were kept before are sealed as new ones are."""
    op.create_table(
        "delivery_keys",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("digest", sa.LargeBinary(), primary_key=True, comment="of the delivery"),
        sa.Column("key", sa.LargeBinary(), nullable=False, comment="AES-256-GCM, of this body alone"),
        comment="What opens a raw body. Erasing a person takes the keys of the bodies that speak of him.",
    )
    op.create_table(
        "erased_bodies",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("digest", sa.LargeBinary(), primary_key=True, comment="of the delivery, as it came"),
        sa.Column(
            "remainder", sa.LargeBinary(), nullable=True, comment="the body without the person; null: nothing"
        ),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        comment="Bodies from which a person was erased, and what is left of them.",
    )
    op.alter_column(
        "deliveries",
        "body",
        existing_type=sa.LargeBinary(),
        existing_nullable=False,
        comment="sealed; its key is in delivery_keys",
    )
    _seal_all()


def _seal_all() -> None:
    connection = op.get_bind()
    few = sa.text(
        "SELECT business_id, source, digest, body FROM deliveries d WHERE NOT EXISTS (SELECT FROM delivery_keys k"
        " WHERE k.business_id = d.business_id AND k.source = d.source AND k.digest = d.digest) LIMIT :n"
    )
    keep = sa.text("INSERT INTO delivery_keys VALUES (:business, :source, :digest, :key)")
    seal = sa.text(
        "UPDATE deliveries SET body = :body WHERE business_id = :business AND source = :source AND digest = :digest"
    )
    while rows := connection.execute(few, {"n": _AT_ONCE}).all():
        sealed = []
        for business, source, digest, body in rows:
            key = os.urandom(32)
            place = {"business": business, "source": source, "digest": digest}
            sealed.append(
                {**place, "key": key, "body": AESGCM(key).encrypt(_NONCE, bytes(body), bytes(digest))}
            )
        connection.execute(keep, [{k: v for k, v in one.items() if k != "body"} for one in sealed])
        connection.execute(seal, [{k: v for k, v in one.items() if k != "key"} for one in sealed])


def downgrade() -> None:
    """Take back; refused while a body could not be opened again."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT EXISTS (SELECT FROM deliveries)")).scalar():
        raise RuntimeError("There are sealed bodies: this step can't be taken back.")
    op.drop_table("erased_bodies")
    op.drop_table("delivery_keys")
