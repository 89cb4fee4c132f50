"""A proof is worth something for one address, one verification and one key."""

from uuid import UUID

from contracts.address_proof import address_proof

KEY = "a key that members and notifications share"
ASKED = UUID("00000000-0000-4000-8000-0000000000a1")


def test_a_proof_is_the_same_wherever_it_is_made_and_may_stand_in_an_address() -> None:
    assert address_proof(KEY, ASKED, "ada@example.org") == "sdxaRU1bCnT3rMPYj9IJE9EMpDMcnYZJzmaVp7QN6eY"


def test_another_address_verification_or_key_has_another_proof() -> None:
    other = UUID("00000000-0000-4000-8000-0000000000a2")
    proofs = {
        address_proof(KEY, ASKED, "ada@example.org"),
        address_proof(KEY, ASKED, "ada@example.com"),
        address_proof(KEY, other, "ada@example.org"),
        address_proof(KEY + ".", ASKED, "ada@example.org"),
    }

    assert len(proofs) == 4
