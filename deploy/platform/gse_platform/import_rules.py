"""A kind of import rule that import-linter lacks: these modules may import the standard library, what is listed, and
modules of their own package for which the same holds; nothing else.
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
        waiting = [module for module in graph.modules if any(fnmatchcase(module, each) for each in patterns)]
        seen, wrong = set(waiting), []
        while waiting:
            module = waiting.pop()
            for imported in graph.find_modules_directly_imported_by(module):
                if any(f"{imported}.".startswith(f"{package}.") for package in allowed):
                    continue
                if imported.partition(".")[0] != module.partition(".")[0]:
                    wrong.append((module, imported))
                elif imported not in seen:
                    seen.add(imported)
                    waiting.append(imported)
        return ContractCheck(kept=not wrong, metadata={"wrong": sorted(wrong)})

    def _words(self, field: str) -> set[str]:
        """import-linter puts the parsed value in the place of the field."""
        found: set[str] = getattr(self, field)
        return found

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, imported in check.metadata["wrong"]:
            output.print_error(f"{module} imports {imported}", bold=False)
