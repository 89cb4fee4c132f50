"""A kind of import rule that import-linter lacks: these modules may import the standard library, what is listed, and
each other; nothing else.
"""

import sys
from fnmatch import fnmatchcase

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """`modules` are patterns as of file names; `allowed` are packages, meant with all that is in them."""

    type_name = "only"

    modules = fields.SetField(subfield=fields.StringField())
    allowed = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 (import-linter's signature)
        patterns = self._words("modules")
        allowed = self._words("allowed") | sys.stdlib_module_names
        chosen = {module for module in graph.modules if any(fnmatchcase(module, each) for each in patterns)}
        wrong = [
            (module, imported)
            for module in sorted(chosen)
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if imported not in chosen and not any(f"{imported}.".startswith(f"{package}.") for package in allowed)
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def _words(self, field: str) -> set[str]:
        """import-linter puts the parsed value in the place of the field."""
        found: set[str] = getattr(self, field)
        return found

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, imported in check.metadata["wrong"]:
            output.print_error(f"{module} imports {imported}", bold=False)
